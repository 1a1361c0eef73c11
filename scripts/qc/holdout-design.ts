/** The experiment of `npm run qc:holdout`: what may be chosen, on which part, and what it is judged on. */
import type { Knob } from './holdout-search.ts';

export type SetName = 'injected-madrid-city-2020' | 'injected-beijing-2013';
export type PartName = 'all' | 'odd' | 'even' | 'before' | 'after';

/** False positives beyond the limit cost this much of the objective for each point of the rate: .005 costs .1. */
const PENALTY = 20;

export const SETS: Readonly<Record<SetName, { readonly mostFpr: number; readonly penalty: number }>> = {
  'injected-madrid-city-2020': { mostFpr: 0.03, penalty: PENALTY },
  'injected-beijing-2013': { mostFpr: 0.035, penalty: PENALTY },
};

/**
 * Starts are those of the published reference detectors where they name the constant, and candidates lie on both sides; else a
 * round number on the strict side of what the test's own scale suggests, and candidates are mostly looser.
 */
export const KNOBS: readonly Knob[] = [
  { name: 'neighbor.suspectZ', start: 5.5, candidates: [4.5, 6.5, 7.5] },
  { name: 'neighbor.jumpZ', start: 3, candidates: [2.5, 3.5, 4.2] },
  { name: 'bias.suspectZ', start: 4.3, candidates: [3.5, 3.9, 5] },
  { name: 'place.z', start: 3.5, candidates: [2.8, 4.2, 5] },
  { name: 'restless.limit', start: 0.3, candidates: [0.2, 0.25, 0.35] },
  { name: 'joint.stray', start: 4, candidates: [3, 3.5, 4.5] },
  { name: 'joint.bias', start: 3, candidates: [2, 2.5] },
  { name: 'joint.drop', start: 2, candidates: [1.5, 1.75] },
];

export type Direction = {
  readonly name: string;
  readonly chooseOn: readonly (readonly [SetName, PartName])[];
  readonly judgeOn: readonly (readonly [SetName, PartName])[];
};

const both = (part: PartName): Direction['chooseOn'] => [
  ['injected-madrid-city-2020', part],
  ['injected-beijing-2013', part],
];

export const DIRECTIONS: readonly Direction[] = [
  { name: 'stations 1, 3, 5 ... for stations 2, 4, 6 ...', chooseOn: both('odd'), judgeOn: both('even') },
  { name: 'stations 2, 4, 6 ... for stations 1, 3, 5 ...', chooseOn: both('even'), judgeOn: both('odd') },
  { name: 'first half of the time for the second', chooseOn: both('before'), judgeOn: both('after') },
  { name: 'second half of the time for the first', chooseOn: both('after'), judgeOn: both('before') },
  {
    name: 'Madrid for Beijing',
    chooseOn: [['injected-madrid-city-2020', 'all']],
    judgeOn: [['injected-beijing-2013', 'all']],
  },
  {
    name: 'Beijing for Madrid',
    chooseOn: [['injected-beijing-2013', 'all']],
    judgeOn: [['injected-madrid-city-2020', 'all']],
  },
];
