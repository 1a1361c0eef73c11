/** `npm run qc:bench`: the fold over every development set, judged by a scorer, written down beside the baselines. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readArguments, UsageError } from './command-line.ts';
import { ROOT } from './lib/files.ts';
import { run } from './lib/run.ts';
import { failed, isMain, Refusal } from './lib/say.ts';
import { benchPage, summary, type Result } from './qc/bench-page.ts';
import { SETS, type SetSpec } from './qc/bench-sets.ts';
import { accusedOf } from './qc/copies.ts';
import { readMetrics, type Metrics } from './qc/metrics.ts';
import { writeParts } from './qc/parts.ts';
import { qcSources, SOURCES_HELP } from './qc/sources.ts';
import { replayDataSet } from './qc-replay.ts';

const HELP = `npm run qc:bench -- [--data FOLDER] [--scorer FILE] [--out FILE]

  ${SOURCES_HELP}
  --out FILE     default: docs/evidence/quality.md`;

async function measure(spec: SetSpec, data: string, scorer: string, work: string): Promise<Result> {
  const folder = join(data, spec.name);
  const readings = join(folder, 'readings.csv.gz');
  const before = process.cpuUsage();
  const tables = await replayDataSet({ readings, stations: join(folder, 'stations.csv') }, () => {});
  // Of the processor: what else the machine does is no matter of the fold.
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  const flags = join(work, `${spec.name}.csv`);
  const scores = join(work, `${spec.name}.scores.csv`);
  await writeFile(flags, `${tables.flags.join('\n')}\n`);
  await writeFile(scores, `${tables.scores.join('\n')}\n`);
  const files = ['--readings', readings, '--labels', join(folder, 'labels.csv'), '--flags', flags];
  const ofScores = spec.hasScores ? ['--scores', scores] : [];
  const any = await score(scorer, [...files, ...ofScores, ...spec.options]);
  const fail = await score(scorer, [...files, ...spec.options, '--min-flag', '2']);
  const parts: { name: string; any: Metrics }[] = [];
  for (const { name, readings: ofPart, labels, options } of await writeParts(folder, spec.options, work)) {
    const cut = ['--readings', ofPart, '--labels', labels, '--flags', flags];
    parts.push({ name, any: await score(scorer, [...cut, ...ofScores, ...options]) });
  }
  const shown = [
    'qc-score.py --readings R --labels L --flags F',
    ...(spec.hasScores ? ['--scores S'] : []),
    ...spec.options,
  ];
  const accused = await accusedOf(join(folder, 'labels.csv'), tables.flags);
  return { spec, seconds, any, fail, accused, parts, command: shown.join(' ') };
}

async function score(scorer: string, args: readonly string[]): Promise<Metrics> {
  const { exitCode, output } = await run(['python3', scorer, ...args]);
  if (exitCode !== 0) throw new Refusal(`${scorer} failed: ${output.trim().split('\n').at(-1) ?? ''}`);
  return readMetrics(output);
}

async function main(args: readonly string[]): Promise<void> {
  const { flags, has } = readArguments(args, { values: ['data', 'scorer', 'out'], switches: ['help'] });
  if (has('help')) {
    console.log(HELP);
    return;
  }
  const { data, scorer } = qcSources(flags);
  const work = await mkdtemp(join(tmpdir(), 'isobar-qc-'));
  try {
    const results: Result[] = [];
    for (const spec of SETS) {
      const result = await measure(spec, data, scorer, work);
      results.push(result);
      console.log(summary([result]).split('\n').at(-1));
    }
    const out = flags['out'] ?? join(ROOT, 'docs/evidence/quality.md');
    await mkdir(join(out, '..'), { recursive: true });
    await writeFile(out, benchPage(results));
  } finally {
    await rm(work, { recursive: true });
  }
}

if (isMain(import.meta.url)) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof UsageError)) throw error;
    failed(error.message);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
