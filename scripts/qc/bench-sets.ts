/** The development sets, how each is scored, and what the best published baselines reach there. */
export type SetSpec = {
  readonly name: string;
  readonly options: readonly string[];
  readonly hasScores: boolean;
  /** Sustained recall of the reference detector by fault family. */
  readonly families: ReadonlyMap<string, string>;
  /** What issue 3 demands. */
  readonly targets: readonly Target[];
};

export type Target = {
  /** A name of `measuresOf` (bench-page.ts). */
  readonly figure: string;
  readonly bound: 'at least' | 'at most';
  readonly limit: number;
};

const atLeast = (figure: string, limit: number): Target => ({ figure, bound: 'at least', limit });
const atMost = (figure: string, limit: number): Target => ({ figure, bound: 'at most', limit });

/** Of both injected sets. */
const CHEATS: readonly Target[] = [
  ...['replay', 'clock_skew', 'smoke', 'gap'].map((family) => atLeast(`sustained: ${family}`, 0.95)),
  atLeast('sustained: copy', 0.85),
  atMost('hours in which a twin is accused', 0),
  atMost('donors failed as copiers', 0),
  atLeast('mean of honest days', 0.985),
  atMost('mean of cheating days', 0.33),
];

const MADRID_TARGETS: readonly Target[] = [
  atLeast('F1', 0.74),
  atMost('FPR', 0.03),
  atMost('FPR of fail', 0.012),
  atLeast('macro sustained', 0.82),
  atLeast('AUC of days', 0.9),
  ...CHEATS,
];

const BEIJING_TARGETS: readonly Target[] = [
  atLeast('F1', 0.54),
  atMost('FPR', 0.035),
  atMost('FPR of fail', 0.012),
  atLeast('macro sustained', 0.8),
  atLeast('AUC of days', 0.84),
  ...CHEATS,
];

const NONE: ReadonlyMap<string, string> = new Map();

const MADRID_RECO = new Map(
  Object.entries({
    spike: '.78',
    stuck: '.88',
    constant: '1.0',
    drift: '.00',
    bias: '.45',
    unit: '1.0',
    noise: '.12',
    gap: '1.0',
    clock_skew: '1.0',
    time_shift: '.91',
    replay: '1.0',
    copy: '.70',
    indoor: '.91',
    fridge: '1.0',
    fabricated: '.50',
    smoke: '1.0',
  }),
);

const BEIJING_RECO = new Map(
  Object.entries({
    spike: '.80',
    stuck: '.85',
    constant: '1.0',
    drift: '.33',
    bias: '.86',
    unit: '.67',
    noise: '.64',
    gap: '1.0',
    clock_skew: '1.0',
    time_shift: '.88',
    replay: '1.0',
    copy: '1.0',
    indoor: '.25',
    fabricated: '.50',
    smoke: '1.0',
    location_spoof: '.00',
  }),
);

export const SETS: readonly SetSpec[] = [
  { name: 'injected-madrid-city-2020', options: [], hasScores: true, families: MADRID_RECO, targets: MADRID_TARGETS },
  { name: 'injected-beijing-2013', options: [], hasScores: true, families: BEIJING_RECO, targets: BEIJING_TARGETS },
  {
    name: 'madrid-city-2020',
    options: ['--ignore', 'operator_invalid_subtle'],
    hasScores: false,
    families: NONE,
    targets: [atLeast('F1', 0.43), atMost('FPR', 0.015)],
  },
  {
    name: 'nab-temperature',
    options: [],
    hasScores: false,
    families: NONE,
    targets: [atLeast('events noticed: nab_window', 4), atMost('FPR', 0.003)],
  },
  {
    name: 'wsn-singlehop-2010',
    options: ['--warmup', '0', '--bucket', '5', '--margin', '60'],
    hasScores: false,
    families: NONE,
    targets: [atLeast('events noticed: introduced_event', 2), atMost('FPR', 0.001)],
  },
];

/** Where a target is not reached: what was tried, and what forbids it. Told on the page while it is so. */
export const REASONS: ReadonlyMap<string, string> = new Map([
  [
    'injected-madrid-city-2020 sustained: copy',
    `Two of ten copies are missed. The donor of one has a drift injected on top, so that the copy differs from it by up to 4 K and only
one of its two series is the same; the series of the other fit the copier's place better than the donor's own. Tried: evidence by
quantity instead of all shared ones together (no copy more, false positives of all tests from .021 to .024 here and
from .029 to .033 in Beijing); the likelihood of a place relative to its own usual likelihood (accuses more donors);
freezing what both learn (accuses the original of a permanent copier). What forbids it: an accusation by one series of
two makes copiers of honest pairs that share one quantity, and one against the evidence of the places makes copiers of
donors. Both are what this target forbids with the same sentence (decision 0014).`,
  ],
]);

/** F1 at false-positive rate, device-hours. */
export const BASELINES: ReadonlyMap<string, string> = new Map([
  ['injected-madrid-city-2020', 'reco .69 at .041'],
  ['injected-beijing-2013', 'reco .50 at .043'],
  ['madrid-city-2020', 'buddy_tuned .41 at .012'],
]);
