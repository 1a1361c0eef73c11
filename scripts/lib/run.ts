/** Runs programs of this project's own dependencies. */
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { ROOT } from './files.ts';

export const BIN = join(ROOT, 'node_modules/.bin');

/** The environment in which `node`, `wrangler`, `forge` ... are the pinned ones, however the command was started. */
export function binEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${BIN}${delimiter}${process.env['PATH'] ?? ''}` };
}

export type Ran = { readonly exitCode: number; readonly output: string };
export type RunOptions = {
  /** Shows the output as it comes, too. */
  readonly show?: boolean;
  readonly env?: Readonly<Record<string, string>>;
};

export function run(command: readonly [string, ...string[]], options: RunOptions = {}): Promise<Ran> {
  const [program, ...args] = command;
  return new Promise((resolve, reject) => {
    const env = { ...binEnvironment(), ...options.env };
    const child = spawn(program, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const parts: Buffer[] = [];
    const take = (stream: NodeJS.WriteStream) => (part: Buffer) => {
      parts.push(part);
      if (options.show) stream.write(part);
    };
    child.stdout.on('data', take(process.stdout));
    child.stderr.on('data', take(process.stderr));
    child.on('error', reject);
    child.on('close', (code) => resolve({ exitCode: code ?? 1, output: Buffer.concat(parts).toString('utf8') }));
  });
}
