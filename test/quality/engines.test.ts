/** Workerd folds the same log in test/workerd/engines.test.ts. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { BIN } from '../../scripts/lib/run.ts';
import { dataSetLog } from '../support/data-set-log.ts';
import { encodeLog, foldEncodedLog } from '../support/encoded-log.ts';

/** Replays of weeks, on machines that do other things as well. */
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const FOLD = join(import.meta.dirname, '../support/fold-file.ts');

let folder: string;
let file: string;
let here: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isobar-engines-'));
  file = join(folder, 'log');
  const log = encodeLog(await dataSetLog());
  await writeFile(file, log);
  here = foldEncodedLog(log);
});
afterAll(() => rm(folder, { recursive: true }));

/** Version and hash as another engine has them. */
async function foldWith(node: string): Promise<{ readonly version: string; readonly hash: string }> {
  const run = promisify(execFile);
  const { stdout: version } = await run(node, ['--version']);
  const { stdout: hash } = await run(node, ['--no-warnings', FOLD, file]);
  return { version: version.trim(), hash: hash.trim() };
}

test('Node 24 folds the measured month to the same bytes when it strips the types itself', async () => {
  const { version, hash } = await foldWith(join(BIN, 'node'));
  expect(version).toMatch(/^v24\./);
  expect(hash).toBe(here);
});

test('Node 22 folds the measured month to the same bytes', async () => {
  // An alias of the package `node`: another V8, and other built-in logarithms that the fold must not use.
  const found = dirname(createRequire(import.meta.url).resolve('node-22/package.json'));
  const { version, hash } = await foldWith(join(found, 'bin/node'));
  expect(version).toMatch(/^v22\./);
  expect(hash).toBe(here);
});
