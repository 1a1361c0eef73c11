/** Writes `sensors/vectors/*.json`. The same bytes each time, on any machine. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './lib/files.ts';
import { vectorFiles } from './vector-sets/sets.ts';

const FOLDER = 'sensors/vectors';

export function generateVectors(): void {
  for (const [path, text] of wanted()) writeFileSync(join(ROOT, path), text);
}

/** Names what `generateVectors` would change, without changing it. */
export function outdatedVectors(): readonly string[] {
  return wanted()
    .filter(([path, text]) => !existsSync(join(ROOT, path)) || readFileSync(join(ROOT, path), 'utf8') !== text)
    .map(([path]) => path);
}

const wanted = (): readonly (readonly [path: string, text: string])[] =>
  Object.entries(vectorFiles()).map(([name, value]) => [`${FOLDER}/${name}`, `${JSON.stringify(value, null, 2)}\n`]);
