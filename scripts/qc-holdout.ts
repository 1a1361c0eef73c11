/** `npm run qc:holdout`: constants chosen on one part of the injected sets, judged on the other, beside the network's own. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { T } from '../core/qc/thresholds.ts';
import { readArguments, UsageError } from './command-line.ts';
import { ROOT } from './lib/files.ts';
import { failed, isMain, Refusal } from './lib/say.ts';
import { DIRECTIONS, KNOBS, SETS, type PartName, type SetName } from './qc/holdout-design.ts';
import { holdoutPage, type Outcome } from './qc/holdout-page.ts';
import { search, startOf, type Setting } from './qc/holdout-search.ts';
import { HoldoutTrials } from './qc/holdout-trials.ts';
import { qcSources, SOURCES_HELP } from './qc/sources.ts';

const HELP = `npm run qc:holdout -- [--data FOLDER] [--scorer FILE] [--out FILE] [--log FILE]

  A replay for every setting that is tried: about forty minutes of one core.

  ${SOURCES_HELP}
  --out FILE     default: docs/evidence/holdout.md
  --log FILE     every setting with its figures as JSON lines; a run that finds it does not repeat what is in it`;

async function main(args: readonly string[]): Promise<void> {
  const { flags, has } = readArguments(args, { values: ['data', 'scorer', 'out', 'log'], switches: ['help'] });
  if (has('help')) {
    console.log(HELP);
    return;
  }
  const { data, scorer } = qcSources(flags);
  const work = await mkdtemp(join(tmpdir(), 'isobar-holdout-'));
  try {
    const trials = await HoldoutTrials.open({ data, scorer, work, log: flags['log'] ?? null });
    const outcomes: Outcome[] = [];
    for (const direction of DIRECTIONS) {
      const { setting, value, reach } = await search(KNOBS, (tried) => valueOf(trials, direction.chooseOn, tried));
      console.log(`${direction.name}: ${value.toFixed(4)} with ${JSON.stringify(setting)}`);
      outcomes.push({ direction, setting, reach });
    }
    const figures = async (set: SetName, part: PartName, setting: Setting) => {
      const found = (await trials.figuresOf(set, setting)).get(part);
      if (found === undefined) throw new Error(`no part ${part} of ${set}`);
      return found;
    };
    const out = flags['out'] ?? join(ROOT, 'docs/evidence/holdout.md');
    await mkdir(join(out, '..'), { recursive: true });
    await writeFile(out, await holdoutPage(outcomes, startOf(KNOBS), figures, shippedSetting()));
  } finally {
    await rm(work, { recursive: true });
  }
}

/** What the network runs with. */
function shippedSetting(): Setting {
  const groups = new Map<string, Readonly<Record<string, unknown>>>(Object.entries(T));
  return Object.fromEntries(
    KNOBS.map(({ name }) => {
      const [group = '', constant = ''] = name.split('.');
      return [name, Number(groups.get(group)?.[constant])];
    }),
  );
}

/** Mean over the parts of F1 + macro sustained recall, less a penalty for false positives beyond the set's limit. */
async function valueOf(
  trials: HoldoutTrials,
  parts: readonly (readonly [SetName, PartName])[],
  setting: Setting,
): Promise<number> {
  const values = parts.map(async ([set, part]) => {
    const figures = (await trials.figuresOf(set, setting)).get(part);
    if (figures === undefined) throw new Error(`no part ${part} of ${set}`);
    return figures.f1 + figures.sustained - SETS[set].penalty * Math.max(0, figures.fpr - SETS[set].mostFpr);
  });
  return (await Promise.all(values)).reduce((sum, value) => sum + value, 0) / parts.length;
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
