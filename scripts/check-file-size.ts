/** `node scripts/check-file-size.ts`: no source file is longer than 450 lines. Generated files and vectors are free. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFiles, ROOT } from './lib/files.ts';
import { isMain, Refusal, runCommand } from './lib/say.ts';

export const LINE_LIMIT = 450;

const SOURCE = /\.(?:ts|tsx|js|cjs|mjs|sol|c|h|css|html|sh)$/;
const EXEMPT = /\.gen\.|(?:^|\/)(?:migrations|vectors|data)\/|^contracts\/tools\/vendor\//;

export type LongFile = { readonly path: string; readonly lines: number };

export function findLongFiles(paths: readonly string[], read: (path: string) => string): readonly LongFile[] {
  return paths
    .filter((path) => SOURCE.test(path) && !EXEMPT.test(path))
    .map((path) => ({ path, lines: read(path).split('\n').length - 1 }))
    .filter((file) => file.lines > LINE_LIMIT);
}

if (isMain(import.meta.url)) {
  await runCommand(() => {
    const long = findLongFiles(projectFiles(), (path) => readFileSync(join(ROOT, path), 'utf8'));
    if (long.length > 0) {
      const list = long.map((file) => `${file.path} (${file.lines})`).join(', ');
      throw new Refusal(`longer than ${LINE_LIMIT} lines: ${list}; split by what the parts decide.`);
    }
  });
}
