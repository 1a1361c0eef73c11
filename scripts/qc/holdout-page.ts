/** `docs/evidence/holdout.md`. */
import { DIRECTIONS, KNOBS, SETS, type Direction, type PartName, type SetName } from './holdout-design.ts';
import { LEAST_GAIN, type Setting } from './holdout-search.ts';
import type { Figures } from './holdout-trials.ts';

export type Outcome = {
  readonly direction: Direction;
  readonly setting: Setting;
  readonly reach: ReadonlyMap<string, number>;
};
type FiguresOf = (set: SetName, part: PartName, setting: Setting) => Promise<Figures>;

const OURS: Setting = {};
const PART_NAMES: Readonly<Record<PartName, string>> = {
  all: 'all',
  odd: 'stations 1, 3, 5 ...',
  even: 'stations 2, 4, 6 ...',
  before: 'first half',
  after: 'second half',
};

export async function holdoutPage(
  outcomes: readonly Outcome[],
  start: Setting,
  figuresOf: FiguresOf,
  shipped: Setting,
): Promise<string> {
  return `# Constants chosen on one part, judged on another

Written by \`npm run qc:holdout\`; do not edit.

The network's constants were chosen with all of the development sets in view, so no figure over those sets is a hold-out. This
experiment chooses ${KNOBS.length} of those that the hourly tests decide by anew, seeing one part only, and judges them on the part that was not
seen, beside the network's own constants on the same part.

- **Objective**: mean over the injected sets of F1 + macro sustained recall - ${SETS['injected-madrid-city-2020'].penalty} x the part of the false-positive rate
  beyond the limit (${Object.entries(SETS)
    .map(([set, { mostFpr }]) => `${mostFpr} ${set}`)
    .join(', ')}). Device-hours, any flag.
- **Search**: from the values of the published reference detectors (a round number where they name none), each candidate
  alone; then those that helped by ${LEAST_GAIN} or more together, the most helpful first, each kept if it still helps. The network's values are no
  start, and some of them are no candidates.
- **Fold**: always over the whole set, because neighbors are needed; no label enters it. Labels and flags of the other
  part are not looked at in choosing.
- **What it cannot show**: all other constants, the tests themselves and the list of candidates are those of people who knew
  all of the sets. It measures how much of the figures hangs on these values alone.

## Judged on what was not seen

${await unseen(outcomes, start, figuresOf)}

## Means over the ${DIRECTIONS.length} directions

${await means(outcomes, start, figuresOf)}

## What was chosen

*Reach*: by how much the objective moves over a constant's candidates, all else at the start; the largest of the directions.

${chosen(outcomes, start, shipped)}
`;
}

async function unseen(outcomes: readonly Outcome[], start: Setting, figuresOf: FiguresOf): Promise<string> {
  const rows: string[] = [];
  for (const { direction, setting } of outcomes) {
    for (const [set, part] of direction.judgeOn) {
      for (const [name, constants] of [
        ['chosen', setting],
        ['ours', OURS],
        ['start', start],
      ] as const) {
        const there = await figuresOf(set, part, constants);
        rows.push(
          `| ${direction.name} | ${set} | ${PART_NAMES[part]} | ${name} | ${there.f1.toFixed(3)} | ${there.fpr.toFixed(4)} | ${there.sustained.toFixed(2)} | ${there.auc.toFixed(3)} |`,
        );
      }
    }
  }
  return [
    '| chosen on ... for ... | set | judged on | constants | F1 | FPR | macro sustained | AUC of days |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

async function means(outcomes: readonly Outcome[], start: Setting, figuresOf: FiguresOf): Promise<string> {
  const rows: string[] = [];
  for (const set of Object.keys(SETS) as SetName[]) {
    for (const name of ['chosen', 'ours', 'start'] as const) {
      const found: Figures[] = [];
      for (const { direction, setting } of outcomes) {
        const constants = name === 'chosen' ? setting : name === 'ours' ? OURS : start;
        for (const [judged, part] of direction.judgeOn)
          if (judged === set) found.push(await figuresOf(set, part, constants));
      }
      const mean = (of: (figures: Figures) => number, digits: number): string =>
        (found.reduce((sum, one) => sum + of(one), 0) / found.length).toFixed(digits);
      const within = found.filter(({ fpr }) => fpr <= SETS[set].mostFpr).length;
      rows.push(
        `| ${set} | ${name} | ${mean((one) => one.f1, 3)} | ${mean((one) => one.fpr, 4)} | ${mean((one) => one.sustained, 3)} | ${mean((one) => one.auc, 3)} | ${within} of ${found.length} |`,
      );
    }
  }
  return [
    '| set, parts not seen | constants | F1 | FPR | macro sustained | AUC of days | within the FPR limit |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function chosen(outcomes: readonly Outcome[], start: Setting, shipped: Setting): string {
  const rows = KNOBS.map(({ name, candidates }) => {
    const reach = Math.max(...outcomes.map((outcome) => outcome.reach.get(name) ?? 0));
    const values = outcomes.map(({ setting }) => String(setting[name] ?? '-'));
    return `| \`${name}\` | ${start[name] ?? '-'} | ${candidates.join(', ')} | ${shipped[name] ?? '-'} | ${values.join(' | ')} | ${reach.toFixed(3)} |`;
  });
  return [
    `| constant | start | candidates | ours | ${outcomes.map(({ direction }) => direction.name).join(' | ')} | reach |`,
    `| --- | --- | --- | --- | ${outcomes.map(() => '---').join(' | ')} | --- |`,
    ...rows,
  ].join('\n');
}
