/**
 * anvil in OP mode, kept in one file. The state is fetched over RPC and renamed into place: anvil's own --state rewrites
 * its file in place, so that a kill in the middle leaves half of it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { freePort } from './ports.ts';
import { Refusal } from './say.ts';

export const LOCAL_CHAIN_ID = 10;

export type ChainOptions = {
  /** Where the state is kept between runs; null: a chain that is forgotten. */
  readonly stateFile: string | null;
  /** 0: any free one. */
  readonly port: number;
  /** Null: a block for each transaction, at once. */
  readonly blockSeconds?: number | null;
};

export type Chain = {
  readonly rpc: string;
  readonly pid: number;
  /** True where the state of an earlier run was loaded. */
  readonly continued: boolean;
  request(method: string, params?: readonly unknown[]): Promise<unknown>;
  /** Writes the state now. */
  save(): Promise<void>;
  /** Writes the state, then ends the process. */
  stop(): Promise<void>;
  /** Ends the process as a power failure would. */
  kill(): Promise<void>;
  /** Settles when the process ends by itself. */
  readonly ended: Promise<number | null>;
};

const SAVE_EVERY_MS = 5_000;
/** Saving takes longer as the chain grows; it may use at most this share of the time. */
const SAVE_SHARE = 0.05;
const START_TIMEOUT_MS = 15_000;
const POLL_MS = 40;
/** `finalized` is this many blocks behind `latest` at 2 slots an epoch; older states are not in a saved file. */
const FINALITY_BLOCKS = 4;

/**
 * Runs anvil until our end of its standard input closes, whatever we died of: else a killed start or test would leave
 * chains behind. Arguments follow; the shell gives a background command /dev/null, so the pipe is kept as 3.
 */
const GUARD = `
exec 3<&0
"$@" 3<&- &
chain=$!
{ cat <&3 >/dev/null; kill -9 $chain; } 2>/dev/null &
wait $chain
`;

export function anvilBinary(): string {
  const platform = process.platform === 'win32' ? 'win32' : process.platform;
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const name = `@foundry-rs/anvil-${platform}-${arch}`;
  try {
    const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
    const binary = join(folder, 'bin', platform === 'win32' ? 'anvil.exe' : 'anvil');
    if (existsSync(binary)) return binary;
  } catch {
    // Not installed: the same answer as an installed package without its binary.
  }
  throw new Refusal(`the chain (anvil) is not installed: ${name} is missing; run \`npm ci\` without --omit=optional.`);
}

export async function startChain(options: ChainOptions): Promise<Chain> {
  const { stateFile } = options;
  const saved = stateFile !== null && existsSync(stateFile) ? readState(stateFile) : null;
  const port = options.port === 0 ? await freePort() : options.port;
  const blockSeconds = options.blockSeconds === undefined ? 2 : options.blockSeconds;
  const args = ['--chain-id', String(LOCAL_CHAIN_ID), '-n', 'optimism', '--host', '127.0.0.1', '--port', String(port)];
  args.push('--slots-in-an-epoch', '2', '--silent', '--accounts', '1');
  if (blockSeconds !== null) args.push('--block-time', String(blockSeconds));
  // In OP mode the first block would be of 1970.
  if (!saved) args.push('--timestamp', String(Math.floor(Date.now() / 1000)));
  // A group of its own: Ctrl-C in the terminal is for the supervisor, which saves before it stops the chain.
  const child = spawn('sh', ['-c', GUARD, 'chain', anvilBinary(), ...args], {
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
  });
  let complaint = '';
  child.stderr.on('data', (part: Buffer) => (complaint = (complaint + part.toString()).slice(-2000)));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));

  const rpc = `http://127.0.0.1:${port}`;
  const request = (method: string, params: readonly unknown[] = []) => callRpc(rpc, method, params);
  let saving: Promise<void> = Promise.resolve();
  const save = (): Promise<void> => (saving = saving.then(() => writeState(stateFile, request)));
  let timer: NodeJS.Timeout | undefined;
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    clearTimeout(timer);
    signalGroup(child, signal);
    await ended;
  };

  try {
    await untilAnswering(request, child, () => complaint);
    if (saved) await load(request, saved, stateFile ?? '');
  } catch (error) {
    await end('SIGKILL');
    throw error;
  }
  const saveLater = (delayMs: number): void => {
    timer = setTimeout(() => {
      const startedMs = Date.now();
      save().then(
        () => saveLater(Math.max(SAVE_EVERY_MS, (Date.now() - startedMs) / SAVE_SHARE)),
        // The chain does not answer: `ended` tells if it is gone for good.
        () => saveLater(SAVE_EVERY_MS),
      );
    }, delayMs);
    timer.unref();
  };
  if (stateFile !== null) saveLater(SAVE_EVERY_MS);

  return {
    rpc,
    pid: child.pid ?? 0,
    continued: saved !== null,
    request,
    save,
    async stop() {
      clearTimeout(timer);
      if (isRunning(child)) await save();
      await end('SIGTERM');
    },
    kill: () => end('SIGKILL'),
    ended,
  };
}

function signalGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (!isRunning(child) || child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It ended in between.
  }
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

async function callRpc(rpc: string, method: string, params: readonly unknown[]): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch(rpc, { method: 'POST', headers, body, signal: AbortSignal.timeout(30_000) });
  const answer = await reply.json<{ readonly result?: unknown; readonly error?: { readonly message: string } }>();
  if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
  return answer.result;
}

async function untilAnswering(request: Chain['request'], child: ChildProcess, complaint: () => string): Promise<void> {
  const untilMs = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      await request('eth_chainId');
      return;
    } catch {
      // Not listening yet.
    }
    if (!isRunning(child))
      throw new Refusal(`the chain (anvil) ended at once: ${complaint().trim() || 'no reason given'}.`);
    if (Date.now() > untilMs)
      throw new Refusal('the chain (anvil) does not answer; look whether something blocks 127.0.0.1.');
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function writeState(stateFile: string | null, request: Chain['request']): Promise<void> {
  if (stateFile === null) return;
  const state = await request('anvil_dumpState');
  if (typeof state !== 'string') throw new Error('anvil_dumpState did not answer with hex');
  mkdirSync(dirname(stateFile), { recursive: true });
  writeFileSync(`${stateFile}.partial`, Buffer.from(state.slice(2), 'hex'));
  renameSync(`${stateFile}.partial`, stateFile);
}

function readState(stateFile: string): string {
  const bytes = readFileSync(stateFile);
  // The file is what anvil gave: gzip.
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) throw damaged(stateFile);
  return `0x${bytes.toString('hex')}`;
}

const damaged = (stateFile: string) =>
  new Refusal(`${stateFile} is damaged; \`npm start -- --fresh\` begins anew with an empty chain.`);

async function load(request: Chain['request'], state: string, stateFile: string): Promise<void> {
  const loaded = await request('anvil_loadState', [state]).catch(() => false);
  if (loaded !== true) throw damaged(stateFile);
  // States at blocks before this one are not in the file, so `finalized` cannot be read until it is past here.
  await request('anvil_mine', [`0x${(FINALITY_BLOCKS + 1).toString(16)}`]);
}
