/** `npm start` as a person meets it: the real command, its words, its files, its signals. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { startChain } from '../../scripts/lib/chain.ts';
import { readEpochs } from '../../scripts/lib/epoch-news.ts';
import { ROOT } from '../../scripts/lib/files.ts';
import { isFree } from '../../scripts/lib/ports.ts';
import { until } from '../support/until.ts';

const base = mkdtempSync(join(tmpdir(), 'isobar-start-'));
const dir = join(base, 'network');
const running = new Set<Start>();

afterEach(async () => {
  await Promise.all(Array.from(running, (start) => start.end('SIGTERM')));
});
afterAll(() => rmSync(base, { recursive: true }));

/** One run of the command. */
class Start {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #output = '';

  constructor(...args: readonly string[]) {
    this.#child = spawn(process.execPath, ['scripts/start.ts', ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, as a terminal gives to the command in the foreground.
      detached: true,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (part: Buffer) => (this.#output += part.toString()));
    }
    running.add(this);
    this.#ended = new Promise((resolve) => this.#child.once('exit', resolve));
    void this.#ended.then(() => running.delete(this));
  }

  get output(): string {
    return this.#output;
  }

  /** Settles when the words are there; throws with all output where the command ends without them. */
  async says(words: string): Promise<void> {
    const seen = new Promise<void>((resolve) => {
      const look = (): void => {
        if (this.#output.includes(words)) resolve();
      };
      this.#child.stdout?.on('data', look);
      look();
    });
    const code = await Promise.race([seen.then(() => 'seen' as const), this.#ended]);
    if (code !== 'seen' && !this.#output.includes(words))
      throw new Error(`ended (${code}) without "${words}":\n${this.#output}`);
  }

  ended(): Promise<number | null> {
    return this.#ended;
  }

  /** As with `npm start` in a terminal: the whole group hears of it, and npm passes it on once more. */
  pressCtrlC(): Promise<number | null> {
    process.kill(-(this.#child.pid ?? 0), 'SIGINT');
    this.#child.kill('SIGINT');
    return this.#ended;
  }

  end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return this.#ended;
  }
}

type LocalFile = {
  readonly api: string;
  readonly rpc: string;
  readonly chainId: number;
  readonly contracts: { readonly token: string };
  readonly devices: readonly { readonly spare: boolean; readonly algorithm: string }[];
};
const localFile = () => JSON.parse(readFileSync(join(dir, 'local.json'), 'utf8')) as LocalFile;
const portOf = (url: string) => Number(new URL(url).port);
const ARGS = ['--dir', dir, '--no-fleet', '--port', '0', '--chain-port', '0'] as const;

async function blockNumber(rpc: string): Promise<number> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_blockNumber', params: [] });
  const reply = await fetch(rpc, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return Number((await reply.json<{ readonly result: string }>()).result);
}

/** Process groups of what the running start has started. */
function startedGroups(): readonly number[] {
  const lock = JSON.parse(readFileSync(join(dir, 'lock.json'), 'utf8')) as {
    readonly children: readonly LockedChild[];
  };
  return lock.children.map(({ pid }) => pid);
}
type LockedChild = { readonly pid: number };

/** How many processes of the group are alive. Only Linux tells without a program of its own. */
function alive(group: number): number {
  const processes = existsSync('/proc') ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)) : [];
  return processes.filter((pid) => {
    try {
      // proc(5): "pid (command) state parent group ..."; what is dead and not cleared away yet is in state Z.
      const [state, , itsGroup] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      return Number(itsGroup) === group && state !== 'Z';
    } catch {
      // It ended in between.
      return false;
    }
  }).length;
}

/** Roots of the epochs that pay somebody, by epoch; null while there are none. */
async function paidRoots(api: string, ready: (state: string) => boolean): Promise<Record<string, string> | null> {
  const epochs = (await readEpochs(api)).filter(({ recipients, state }) => recipients > 0 && ready(state));
  return epochs.length === 0 ? null : Object.fromEntries(epochs.map(({ epoch, root }) => [epoch, root]));
}

test('it starts, is refused a second time, stops what it started on Ctrl-C and nothing else, and continues', async () => {
  const bystander = await startChain({ stateFile: null, port: 0 });
  const fleet = ['--dir', dir, '--fleet', '2'] as const;
  const first = new Start(...fleet, '--port', '0', '--chain-port', '0');
  await first.says('The network runs');
  const before = localFile();
  expect(before.chainId).toBe(10);
  expect(
    before.devices
      .filter(({ spare }) => spare)
      .map(({ algorithm }) => algorithm)
      .toSorted(),
  ).toEqual(['ecdsa-p256-sha256', 'ed25519']);
  expect((await fetch(`${before.api}/v1/health`)).status).toBe(200);
  const blocks = await blockNumber(before.rpc);

  const second = new Start(...ARGS);
  expect(await second.ended()).toBe(1);
  expect(second.output).toContain('a network already runs');

  // In the middle of its work: an epoch is computed, and not paid yet.
  const roots = await until('an epoch is computed', 60_000, () => paidRoots(before.api, () => true));
  const groups = startedGroups();
  if (existsSync('/proc')) expect(groups.map(alive)).not.toContain(0);
  expect(await first.pressCtrlC()).toBe(0);
  expect(groups.map(alive)).toEqual([0, 0]);
  expect(await isFree(portOf(before.api))).toBe(true);
  expect(await isFree(portOf(before.rpc))).toBe(true);
  expect(await blockNumber(bystander.rpc)).toBeGreaterThanOrEqual(0);
  await bystander.stop();

  const third = new Start(...fleet);
  await third.says('The network runs');
  expect(third.output).toContain('contracts found on the chain');
  expect(localFile()).toEqual(before);
  expect(await blockNumber(before.rpc)).toBeGreaterThanOrEqual(blocks);
  const isPaid = (state: string): boolean => state === 'minted' || state === 'final';
  // Epochs that were committed together are paid one delay after another.
  const paid = await until('what was computed is paid', 60_000, async () => {
    const found = await paidRoots(before.api, isPaid);
    return found !== null && Object.keys(roots).every((epoch) => epoch in found) ? found : null;
  });
  expect(paid).toMatchObject(roots);
  await third.says('all 2 devices are up to date');
  expect(third.output).not.toContain('refused,');
});

test('after a kill the next start ends what was left behind and continues', async () => {
  const killed = new Start(...ARGS);
  await killed.says('The network runs');
  const before = localFile();
  await killed.end('SIGKILL');

  const next = new Start('--dir', dir, '--no-fleet');
  await next.says('The network runs');
  expect(localFile()).toEqual(before);
  expect(await next.end('SIGTERM')).toBe(0);
});

test('--fresh forgets the network of the folder', async () => {
  const { token } = localFile().contracts;
  const fresh = new Start(...ARGS, '--fresh');
  await fresh.says('The network runs');
  expect(fresh.output).toContain('contracts deployed');
  expect(localFile().contracts.token).not.toBe(token);
  expect(await fresh.end('SIGINT')).toBe(0);
});

async function refusal(...args: readonly string[]): Promise<string> {
  const start = new Start(...args);
  expect(await start.ended()).toBe(1);
  const lines = start.output.trim().split('\n');
  expect(lines.at(-1)).toMatch(/^✗ /);
  return lines.at(-1) ?? '';
}

test('a damaged folder is named with the remedy', async () => {
  const chain = readFileSync(join(dir, 'chain.bin'));
  writeFileSync(join(dir, 'chain.bin'), chain.subarray(0, 50));
  expect(await refusal(...ARGS)).toMatch(/chain\.bin is damaged; .*--fresh/);
  rmSync(join(dir, 'chain.bin'));
  expect(await refusal(...ARGS)).toMatch(/does not hold this network's contracts; .*--fresh/);
  writeFileSync(join(dir, 'network.json'), '{"kind":');
  expect(await refusal(...ARGS)).toMatch(/network\.json is damaged; .*--fresh/);
});

test('a folder with other things in it is left alone, even with --fresh', async () => {
  const other = join(base, 'photos');
  mkdirSync(other);
  writeFileSync(join(other, 'cat.jpg'), 'meow');
  expect(await refusal('--dir', other, '--fresh')).toContain('give another folder with --dir');
  expect(readFileSync(join(other, 'cat.jpg'), 'utf8')).toBe('meow');
});

test('a busy port is named with the remedy', async () => {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  const busy = await refusal('--dir', join(base, 'busy'), '--port', String(port));
  server.close();
  expect(busy).toContain(`port ${port} is in use`);
});

test('a wrong option is named', async () => {
  expect(await refusal('--fleeet', '3')).toContain('--fleeet');
  expect(await refusal('--port', 'eight')).toContain('--port');
});
