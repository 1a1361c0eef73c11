/**
 * Planted bugs: what a test must find. Each changes the text of a source on its way into a bundle made for that test;
 * nothing of it ships. A text that is not there any more fails the build, so that no plant goes stale.
 */
import type { Plugin } from 'esbuild';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../scripts/lib/files.ts';

export type Edit = { readonly file: string; readonly from: string; readonly to: string };

export function planted(edits: readonly Edit[]): Plugin {
  return {
    name: 'planted',
    setup(build) {
      for (const [file, of] of Map.groupBy(edits, (edit) => edit.file))
        build.onLoad({ filter: new RegExp(`/${file}$`) }, () => ({ contents: edited(file, of), loader: 'ts' }));
    },
  };
}

function edited(file: string, edits: readonly Edit[]): string {
  return edits.reduce(
    (text, { from, to }) => {
      if (text.split(from).length !== 2) throw new Error(`${file} does not hold exactly once: ${from}`);
      return text.replace(from, () => to);
    },
    readFileSync(join(ROOT, file), 'utf8'),
  );
}
