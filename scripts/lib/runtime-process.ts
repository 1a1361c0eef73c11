/** The Workers in a process group of their own, so that they can be stopped gently or killed like in a power failure. */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { binEnvironment } from './run.ts';
import type { RuntimeOptions, WorkerLogLine } from './runtime.ts';
import { Refusal } from './say.ts';

export type RuntimeProcessOptions = RuntimeOptions & {
  /** Pause between two runs of the cron handler; null: it is never run. */
  readonly cronMs: number | null;
};

export type RuntimeProcess = {
  readonly url: string;
  readonly pid: number;
  /** Names of the migrations that were applied at this start. */
  readonly migrations: readonly string[];
  stop(): Promise<void>;
  /** SIGKILL to the whole group, workerd included. */
  kill(): Promise<void>;
  /** Settles when the process ends. */
  readonly ended: Promise<number | null>;
};

export type ToRuntime =
  | { readonly kind: 'start'; readonly options: RuntimeOptions; readonly cronMs: number | null }
  | { readonly kind: 'stop' };
export type FromRuntime =
  | { readonly kind: 'ready'; readonly url: string; readonly migrations: readonly string[] }
  | { readonly kind: 'failed'; readonly refusal: boolean; readonly detail: string }
  | { readonly kind: 'log'; readonly line: WorkerLogLine };

const STOP_TIMEOUT_MS = 8_000;

export async function startRuntimeProcess(
  { cronMs, ...options }: RuntimeProcessOptions,
  onLog: (line: WorkerLogLine) => void = () => {},
): Promise<RuntimeProcess> {
  const child = fork(join(import.meta.dirname, '../runtime.ts'), [], {
    detached: true,
    env: binEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const pid = child.pid ?? 0;
  let complaint = '';
  child.stderr?.on('data', (part: Buffer) => (complaint = (complaint + part.toString()).slice(-4000)));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const kill = async (): Promise<void> => {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // The group is gone already.
    }
    await ended;
  };

  const tell = (message: ToRuntime): void => void child.send(message);
  const ready = await new Promise<Extract<FromRuntime, { kind: 'ready' }>>((resolve, reject) => {
    child.on('message', (message: FromRuntime) => {
      if (message.kind === 'log') onLog(message.line);
      else if (message.kind === 'ready') resolve(message);
      else
        reject(
          message.refusal ? new Refusal(message.detail) : new Error(`the Workers did not start: ${message.detail}`),
        );
    });
    void ended.then((code) =>
      reject(new Error(`the Workers' process ended (${code ?? 'killed'}): ${complaint.trim()}`)),
    );
    // Over IPC and not as arguments: the list of processes shows those to everybody.
    tell({ kind: 'start', options, cronMs });
  }).catch(async (error: unknown) => {
    await kill();
    throw error;
  });

  return {
    url: ready.url,
    pid,
    migrations: ready.migrations,
    async stop() {
      if (child.connected) tell({ kind: 'stop' });
      const slow = setTimeout(() => void kill(), STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(slow);
      // workerd may have outlived a process that crashed.
      await kill();
    },
    kill,
    ended,
  };
}
