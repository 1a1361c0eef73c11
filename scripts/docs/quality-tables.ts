/** Tables of docs/quality.md: tests, thresholds, durations and rates, from the constants that the fold itself uses. */
import { T } from '../../core/qc/thresholds.ts';
import { TEST_BITS, type TestCode } from '../../core/qc/tests.ts';
import { QUANTITIES } from '../../core/reading/quantity.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import { hashRuleSet, type QualityRules, type TimeRules } from '../../core/rules/rule-set.ts';
import { duration, percent, table } from './markdown.ts';

const { fractions: FRACTIONS, dewPoint: DEW_POINT, gust: GUST } = MAIN_RULES.consistency;
const AT_CLOSE = 'at the hour close';

type TestRow = readonly [when: string, suspect: string, fail: string];

/** A test that is added to core/qc/tests.ts does not compile here until it is described. */
const TESTS: Readonly<Record<TestCode, TestRow>> = {
  range: ['at receipt', 'outside the plausible range', 'outside the possible range'],
  step: [
    'at receipt',
    'differs from the last good level by more than base + slope x hours, and the reading before did not already stand there',
    'never',
  ],
  flat: ['at receipt', 'exactly the same value for longer than the limit, above the floor', 'for twice as long'],
  late: ['at receipt', 'never: measured in an hour that was closed already; kept and sold, not scored', 'never'],
  copy: [
    AT_CLOSE,
    `the evidence that two series are one exceeds ${T.copy.suspectNats} nats, and they fit the other's place better by ${T.copy.leastLean} nats an hour`,
    `by ${T.copy.failLean} nats an hour`,
  ],
  time: [
    'at receipt',
    'newest reading older than usual by more than 300 s without a pause before, or 60 s ahead',
    '300 s ahead',
  ],
  neighbour: [
    AT_CLOSE,
    `more than ${T.neighbor.suspectZ} spreads from the neighbors, or ${T.neighbor.jumpZ} with a jump of its own`,
    `more than ${T.neighbor.failZ} spreads`,
  ],
  bias: [
    AT_CLOSE,
    `mean of ${T.bias.memoryHours} h more than ${T.bias.suspectZ} times its usual size, after ${T.bias.learnHours} h`,
    `${T.bias.failZ} times`,
  ],
  place: [
    AT_CLOSE,
    `absolute value more than ${T.place.z} standard deviations from at least ${T.place.leastNeighbors} neighbors`,
    'never',
  ],
  quiet: [
    AT_CLOSE,
    `all series move less than usual: ${T.joint.quiet} standard deviations`,
    `changes and swings below e^-${T.spread.quiet} of the neighbors', compared with usual`,
  ],
  noisy: [
    AT_CLOSE,
    `its distance to the neighbors jumps from hour to hour far more than usual (${T.restless.limit} above theirs)`,
    'never',
  ],
  apart: [
    AT_CLOSE,
    `all series together stray (${T.joint.stray}), lean (${T.joint.bias}) or lose their correlation (${T.joint.drop}), in standard deviations`,
    'never',
  ],
  shifted: [
    AT_CLOSE,
    `correlation with the neighbors 2 to 10 h ago beats the present one by ${T.joint.shift}`,
    'never',
  ],
  replay: [AT_CLOSE, 'never', `evidence for one lag of 1 to 28 days exceeds ${T.replay.suspectNats} nats`],
  consistency: [
    'at receipt',
    `of one moment: a finer particle fraction above ${FRACTIONS.suspectFactor} x a coarser one + ${FRACTIONS.suspectSlack} ug/m3, the dew point more than ${DEW_POINT.suspectSlack} K above the temperature, or the wind above ${GUST.suspectFactor} x its gust + ${GUST.suspectSlack} m/s`,
    `${FRACTIONS.failFactor} x + ${FRACTIONS.failSlack} ug/m3, ${DEW_POINT.failSlack} K, ${GUST.failFactor} x + ${GUST.failSlack} m/s`,
  ],
  zero: [
    AT_CLOSE,
    `exactly 0 for ${T.zero.leastHours} h or more, below the neighbors by more than ${T.zero.z} spread`,
    'never',
  ],
  jump: [
    AT_CLOSE,
    `without neighbors: more than ${T.jump.z} spreads from the median of its last ${T.jump.hours} h`,
    'never',
  ],
};

export function testsTable(): string {
  return table(
    ['test', 'bit', 'decided', 'suspect (3) when', 'fail (4) when'],
    TEST_BITS.map(([code, bit]) => [`\`${code}\``, String(bit), ...TESTS[code]]),
  );
}

export function thresholdsTable(): string {
  return table(
    [
      'quantity',
      'unit',
      'step',
      'fail outside',
      'suspect outside',
      'jump: base + per hour',
      'flat: hours',
      'flat: floor',
    ],
    QUANTITIES.map(({ code, unit, stepsPerUnit }) => {
      const rules = MAIN_RULES.quality[code];
      return [`\`${code}\``, unit, String(1 / stepsPerUnit), ...limitsOf(rules)];
    }),
  );
}

function limitsOf(rules: QualityRules): readonly string[] {
  const { failMin, failMax, suspectMin, suspectMax, stepBase, stepPerHour, flatHours, flatFloor } = rules;
  return [
    `${failMin} to ${failMax}`,
    `${suspectMin} to ${suspectMax}`,
    stepBase === null ? '-' : `${stepBase} + ${stepPerHour}`,
    flatHours === null ? '-' : String(flatHours),
    flatFloor === null ? '-' : String(flatFloor),
  ];
}

const DURATIONS: Readonly<Record<keyof TimeRules, string>> = {
  hourSeconds: 'an hour',
  epochSeconds: 'an epoch',
  graceSeconds: 'an hour closes this long after its end',
  blockWaitSeconds: 'it then waits this much longer at most for the regions around',
  maxAheadSeconds: 'a reading may lie this far ahead of its receipt',
  maxAgeSeconds: 'a reading may be this old at its receipt',
  backfillSeconds: "a region's first hour lies this long before its first batch",
  backfillWaitSeconds: 'backfilled hours wait this long for the slowest active device',
  duplicateWindowSeconds: "duplicates are known exactly this far back from the device's newest reading",
  receiptSeconds: 'a receipt is repeated in full for this long',
  publicationDelaySeconds: 'values are public from this age on',
  logKeepSeconds: 'sealed evidence stays in the region object this long, too',
  epochWaitSeconds: 'an epoch waits this long for a region without progress',
};

export function durationsTable(): string {
  const names = Object.keys(DURATIONS) as (keyof TimeRules)[];
  return table(
    ['duration', '`main`', '`local`', 'name'],
    names.map((name) => [
      DURATIONS[name],
      duration(MAIN_RULES.time[name]),
      duration(LOCAL_RULES.time[name]),
      `\`${name}\``,
    ]),
  );
}

export function ratesTable(): string {
  const { score, reward } = MAIN_RULES;
  const capTokens = BigInt(reward.capBaseUnits) / 10n ** 18n;
  return table(
    ['rate', 'value'],
    [
      ['share of good hours that counts as a full day', percent(score.availabilityBps)],
      ['weight of a suspect hour', percent(score.suspectBps)],
      ['days for which bad hours are remembered', String(score.memoryDays)],
      ['reliability of a day without neighbors', percent(score.unverifiedBps)],
      ['share of comparable quantities that confirms an hour', percent(score.confirmedShareBps)],
      [
        'weekly score: earns from, stops below',
        `${percent(score.eligibleBps)}, ${percent(score.ineligibleBps)}; each day counts 1/${score.weeklyDays}`,
      ],
      ['maintenance that costs nothing', `${score.maintenanceHours} h in ${score.maintenanceDays} days`],
      ['maintenance is announced at most', `${score.maintenanceAheadDays} days ahead`],
      ['a move that costs a full score', `${score.relocationMeters / 1000} km; a shorter one its share`],
      ['cap of RewardToken', `${capTokens.toLocaleString('en-US')} ISO`],
      ["first year's emission", `${percent(reward.firstYearBps)} of the cap`],
      ['each later year', `${reward.yearlyPercent} % of the year before`],
      ['released whatever was sold', `${percent(reward.baseBps)} of an epoch's emission`],
      ['score that earns nothing', `${percent(reward.rampFromBps)} and below, then linear to 100 %`],
      ['weight of tiers 0, 1, 2', reward.tierBps.map(percent).join(', ')],
      ['weight by rank in a density cell', `${reward.slotBps.map(percent).join(', ')}, then nothing`],
      ['full weights that share a pot at least', String(reward.minimumWeights)],
      ['recipients in a batch at most', String(reward.batchRecipients)],
      ['epochs that a late region is waited for', String(reward.reserveEpochs)],
      [
        "a sale's USDC: devices, operator, burn auction",
        [reward.saleDevicesBps, reward.saleOperatorBps, reward.saleBurnBps].map(percent).join(', '),
      ],
    ],
  );
}

export function ruleSetsTable(): string {
  return table(
    ['rule set', 'version', 'hash'],
    [MAIN_RULES, LOCAL_RULES].map((rules) => [`\`${rules.name}\``, String(rules.version), `\`${hashRuleSet(rules)}\``]),
  );
}
