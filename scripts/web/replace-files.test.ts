import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { replaceFiles } from './replace-files.ts';

let dir: string;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'isobar-replace-'))));
afterEach(() => rmSync(dir, { recursive: true }));

function write(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, folder, path)), { recursive: true });
    writeFileSync(join(dir, folder, path), text);
  }
  return join(dir, folder);
}
const contentOf = (folder: string) =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => statSync(join(folder, path)).isFile())
      .map((path) => [path, readFileSync(join(folder, path), 'utf8')]),
  );

test('the folder holds what the other one held, and nothing else', async () => {
  const fresh = { 'index.html': 'new', 'docs/api/index.html': 'new' };
  const to = write('dist', { 'index.html': 'old', 'ogc/api': 'old' });
  await replaceFiles(write('partial/dist', fresh), to);
  expect(contentOf(to)).toEqual(fresh);
});

test('whoever reads meanwhile finds every file that both have', async () => {
  const names = Array.from({ length: 50 }, (_, n) => `deep/${n % 5}/${n}.txt`);
  const of = (text: string) => Object.fromEntries(names.map((name) => [name, text]));
  const to = write('dist', of('0'));
  let isDone = false;
  const reading = (async () => {
    let rounds = 0;
    while (!isDone) {
      expect(Object.keys(contentOf(to))).toHaveLength(names.length);
      rounds += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return rounds;
  })();
  for (let turn = 1; turn <= 5; turn += 1) await replaceFiles(write(`partial-${turn}/dist`, of(String(turn))), to);
  isDone = true;
  expect(await reading).toBeGreaterThan(5);
  expect(contentOf(to)).toEqual(of('5'));
});
