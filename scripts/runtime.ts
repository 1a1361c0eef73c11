/**
 * The Workers as a process of their own, started by lib/runtime-process.ts, which talks to it over IPC. It ends with its
 * parent: without one, nobody would stop it.
 */
import { startRuntime, type Runtime } from './lib/runtime.ts';
import type { FromRuntime, ToRuntime } from './lib/runtime-process.ts';
import { Refusal } from './lib/say.ts';

const tell = (message: FromRuntime): void => {
  if (process.connected) process.send?.(message);
};

let runtime: Runtime | undefined;
let stopping = false;

async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  await runtime?.dispose();
  process.exit(0);
}

/** Ticks never overlap: the next is timed from the end of the one before. */
async function tickForEver(cronMs: number): Promise<void> {
  while (!stopping) {
    for (const worker of ['isobar-registry', 'isobar-cron'] as const) {
      try {
        await runtime?.cronTick(worker);
      } catch (error) {
        if (!stopping) tell({ kind: 'log', line: { level: 'error', message: `${worker}: ${firstLine(error)}` } });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, cronMs));
  }
}

const firstLine = (error: unknown): string =>
  String(error instanceof Error ? error.message : error).split('\n')[0] ?? '';

process.on('disconnect', () => void stop());
process.on('SIGTERM', () => void stop());
// The supervisor says when: Ctrl-C in a terminal goes to everybody at once.
process.on('SIGINT', () => {});

process.on('message', (message: ToRuntime) => {
  if (message.kind === 'stop') {
    void stop();
    return;
  }
  startRuntime(message.options, (line) => tell({ kind: 'log', line }))
    .then((started) => {
      runtime = started;
      tell({ kind: 'ready', url: started.url, migrations: started.migrations });
      if (message.cronMs !== null) void tickForEver(message.cronMs);
    })
    .catch((error: unknown) => {
      const detail = error instanceof Refusal ? error.message : String(error instanceof Error ? error.stack : error);
      tell({ kind: 'failed', refusal: error instanceof Refusal, detail });
      process.exitCode = 1;
      process.disconnect();
    });
});
