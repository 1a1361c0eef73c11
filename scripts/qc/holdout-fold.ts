/**
 * `node scripts/qc/holdout-fold.ts READINGS STATIONS FLAGS SCORES [group.name=value ...]`: a replay with other thresholds
 * than the network's. A process of its own: constants are changed before anything reads them, and nobody else sees it.
 */
import { writeFile } from 'node:fs/promises';
import { T } from '../../core/qc/thresholds.ts';

const [readings = '', stations = '', flags = '', scores = '', ...changes] = process.argv.slice(2);
for (const change of changes) {
  const [path = '', value] = change.split('=');
  const [group = '', name = ''] = path.split('.');
  const constants: unknown = Reflect.get(T, group);
  if (typeof constants !== 'object' || constants === null || !Reflect.has(constants, name))
    throw new Error(`no threshold ${path}`);
  Reflect.set(constants, name, Number(value));
}
const { replayDataSet } = await import('../qc-replay.ts');
const tables = await replayDataSet({ readings, stations }, () => {});
await writeFile(flags, `${tables.flags.join('\n')}\n`);
await writeFile(scores, `${tables.scores.join('\n')}\n`);
