/**
 * The data folder of a local network: `network.json` marks it and remembers addresses, `secrets.json` (0600) holds the
 * seed of every key, `lock.json` names the one start that uses it. Chain, Workers and devices keep their own files beside.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Refusal } from './say.ts';

export type Contracts = {
  readonly token: `0x${string}`;
  readonly distributor: `0x${string}`;
  readonly burnAuction: `0x${string}`;
  readonly usdc: `0x${string}`;
};

export type NetworkRecord = {
  readonly kind: 'isobar-local-network';
  readonly version: 5;
  readonly apiPort: number;
  readonly chainPort: number;
  /** Null: not deployed yet. */
  readonly contracts: Contracts | null;
  /** sha-256 over the code that was deployed. */
  readonly contractsHash: string | null;
};

const NETWORK = 'network.json';
const SECRETS = 'secrets.json';
const LOCK = 'lock.json';
const FRESH = '`npm start -- --fresh` begins anew';

export class Folder {
  readonly dir: string;
  #children: readonly number[] = [];

  private constructor(dir: string) {
    this.dir = dir;
  }

  /** Makes the folder where there is none. A folder with other things in it is refused, also with `fresh`. */
  static open(dir: string, fresh: boolean): Folder {
    const folder = new Folder(resolve(dir));
    const entries = folder.#entries();
    const isOurs = entries.length === 0 || [NETWORK, SECRETS, LOCK].some((name) => entries.includes(name));
    if (!isOurs) {
      throw new Refusal(`${folder.dir} holds other things than a network; give another folder with --dir.`);
    }
    folder.#lock();
    if (fresh) for (const name of entries) if (name !== LOCK) rmSync(folder.path(name), { recursive: true });
    return folder;
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  #entries(): readonly string[] {
    try {
      mkdirSync(this.dir, { recursive: true });
      return readdirSync(this.dir);
    } catch (error) {
      throw new Refusal(`${this.dir} cannot be used: ${(error as Error).message}; give another folder with --dir.`);
    }
  }

  readNetwork(): NetworkRecord | null {
    const record = this.#readJson(NETWORK) as Partial<NetworkRecord> | null;
    if (record === null) return null;
    if (record.kind === 'isobar-local-network' && record.version === 5) return record as NetworkRecord;
    throw new Refusal(`${this.path(NETWORK)} is not of this version of Isobar; ${FRESH}.`);
  }

  writeNetwork(record: NetworkRecord): void {
    this.writeJson(NETWORK, record);
  }

  /** Made at random on first use; every key and token of this network comes from it. */
  seed(): string {
    const secrets = this.#readJson(SECRETS) as { readonly seed?: unknown } | null;
    if (secrets === null) {
      if (this.readNetwork()?.contracts) throw new Refusal(`${this.path(SECRETS)} is missing; ${FRESH}.`);
      const seed = randomBytes(32).toString('hex');
      this.writeJson(SECRETS, { seed });
      return seed;
    }
    if (typeof secrets.seed === 'string' && /^[0-9a-f]{64}$/.test(secrets.seed)) return secrets.seed;
    throw new Refusal(`${this.path(SECRETS)} is damaged; ${FRESH}.`);
  }

  /** Only for the user's eyes, and whole or not at all. */
  writeJson(name: string, value: unknown): void {
    const path = this.path(name);
    writeFileSync(`${path}.partial`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${path}.partial`, path);
  }

  #readJson(name: string): unknown {
    const path = this.path(name);
    if (!existsSync(path)) return null;
    try {
      const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
      if (typeof value === 'object' && value !== null) return value;
    } catch {
      // Not JSON: the same answer as JSON of another shape.
    }
    throw new Refusal(`${path} is damaged; ${FRESH}.`);
  }

  #lock(): void {
    const path = this.path(LOCK);
    for (let attempt = 0; ; attempt++) {
      try {
        writeFileSync(path, lockText([]), { flag: 'wx', mode: 0o600 });
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === 3) throw error;
      }
      const holder = readLock(path);
      if (holder && runs(holder)) {
        throw new Refusal(
          `a network already runs on ${this.dir} (process ${holder.pid}); stop it with Ctrl-C, or give another folder with --dir.`,
        );
      }
      // The last start was killed: what it had started may still run, and nobody else would end it.
      for (const child of holder?.children ?? []) endOrphan(child);
      rmSync(path, { force: true });
    }
  }

  /** Remembers what was started, so that the next start can end it if this one is killed. */
  noteChildren(pids: readonly number[]): void {
    this.#children = pids;
    writeFileSync(this.path(LOCK), lockText(pids), { mode: 0o600 });
  }

  /** Ends what was noted, and its whole groups, at once. */
  killChildren(): void {
    for (const pid of this.#children) killGroup(pid);
  }

  unlock(): void {
    rmSync(this.path(LOCK), { force: true });
  }
}

/** Process numbers are given out again, so a process is known by its number and its command. */
type Process = { readonly pid: number; readonly command: string };
type Lock = Process & { readonly children: readonly Process[] };

function lockText(children: readonly number[]): string {
  const processOf = (pid: number): Process => ({ pid, command: commandOf(pid) });
  const lock: Lock = { ...processOf(process.pid), children: children.map(processOf) };
  return JSON.stringify(lock);
}

function readLock(path: string): Lock | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Lock;
  } catch {
    // Gone in between, or cut short by a kill: nobody holds it.
    return null;
  }
}

const runs = ({ pid, command }: Process): boolean =>
  pid !== process.pid && command !== '' && commandOf(pid) === command;

/** Empty where there is no such process. Slim Linux images have no `ps`, other systems no /proc. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    // No such process, or no /proc.
  }
  try {
    const stdio = ['ignore', 'pipe', 'ignore'] as const;
    return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8', stdio: [...stdio] }).trim();
  } catch {
    return '';
  }
}

function endOrphan(child: Process): void {
  if (runs(child)) killGroup(child.pid);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended in between.
  }
}
