/** `@isobar/sensor` as a stranger gets it: packed, installed into a folder of its own, far from this repository. */
import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../scripts/lib/files.ts';
import { binEnvironment } from '../../scripts/lib/run.ts';

const execute = promisify(execFile);

/** @return the folder, with the package in its node_modules */
export async function installClient(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'isobar-package-'));
  const pack = ['pack', '--json', '--pack-destination', folder];
  const { stdout } = await execute('npm', pack, { cwd: join(ROOT, 'sensors/client'), env: binEnvironment() });
  // Before the list stands what the build prints.
  const packed = JSON.parse(stdout.slice(stdout.search(/^[[{]/m))) as unknown;
  const name = /[\w.-]+\.tgz/.exec(JSON.stringify(packed))?.[0] ?? '';
  await writeFile(join(folder, 'package.json'), '{"name":"stranger","private":true,"type":"module"}');
  await runIn(folder, 'npm', ['install', '--offline', '--no-audit', '--no-fund', join(folder, name)]);
  return folder;
}

/** What it printed; throws with its complaint when it fails. */
export async function runIn(folder: string, program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execute(program, args, {
    cwd: folder,
    env: { ...binEnvironment(), DENO_DIR: join(folder, '.deno') },
  });
  return stdout;
}
