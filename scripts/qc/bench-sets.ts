/** The development sets, how each is scored, and what the best published baselines reach there. */
export type SetSpec = {
  readonly name: string;
  readonly options: readonly string[];
  readonly hasScores: boolean;
  /** Sustained recall of the reference detector by fault family. */
  readonly families: ReadonlyMap<string, string>;
};

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
  { name: 'injected-madrid-city-2020', options: [], hasScores: true, families: MADRID_RECO },
  { name: 'injected-beijing-2013', options: [], hasScores: true, families: BEIJING_RECO },
  { name: 'madrid-city-2020', options: ['--ignore', 'operator_invalid_subtle'], hasScores: false, families: NONE },
  { name: 'nab-temperature', options: [], hasScores: false, families: NONE },
  {
    name: 'wsn-singlehop-2010',
    options: ['--warmup', '0', '--bucket', '5', '--margin', '60'],
    hasScores: false,
    families: NONE,
  },
];

/** F1 at false-positive rate, device-hours. */
export const BASELINES: ReadonlyMap<string, string> = new Map([
  ['injected-madrid-city-2020', 'reco .69 at .041'],
  ['injected-beijing-2013', 'reco .50 at .043'],
  ['madrid-city-2020', 'buddy_tuned .41 at .012'],
]);
