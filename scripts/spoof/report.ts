/** The tables of the spoof benchmark, the same for the terminal and for docs/evidence/spoof.md. */
import { type AttackName, ATTACK_NAMES, ATTACKS } from '../../sensors/simulator/attacks/catalogue.ts';
import { table } from '../docs/markdown.ts';
import { CLEAN_DAYS, type RunResult, type StationBaseline } from './bench.ts';
import { type Harm, meanOf, median, type Rate, sumHarms, sumRates, SUSTAINED_SHARE } from './metrics.ts';

export type FamilyRow = {
  readonly attack: AttackName;
  readonly runs: number;
  /** Shares of the runs. */
  readonly noticed: number;
  readonly sustained: number;
  /** Median of those noticed. */
  readonly delayHours: number | null;
  /** Mean share of attacked hours. */
  readonly notTaken: number;
  readonly score: number;
  readonly honestScore: number;
  readonly others: Harm;
  /** Donors with any hour flagged, and failed, that was not without the attack; null: nobody is copied. */
  readonly donors: { readonly flagged: number; readonly failed: number; readonly runs: number } | null;
  /** Most frequent first. */
  readonly tests: readonly string[];
};

export function summarize(results: readonly RunResult[]): readonly FamilyRow[] {
  return ATTACK_NAMES.flatMap((attack) => {
    const ofFamily = results.filter((result) => result.attack === attack);
    return ofFamily.length === 0 ? [] : [rowOf(attack, ofFamily)];
  });
}

function rowOf(attack: AttackName, results: readonly RunResult[]): FamilyRow {
  const caught = results.map((result) => result.caught);
  const donors = results.flatMap(({ donor }) => donor ?? []);
  return {
    attack,
    runs: results.length,
    noticed: meanOf(caught.map(({ isNoticed }) => Number(isNoticed))),
    sustained: meanOf(caught.map(({ isSustained }) => Number(isSustained))),
    delayHours: median(caught.flatMap(({ delayHours }) => delayHours ?? [])),
    notTaken: meanOf(caught.map(({ notTaken }) => notTaken)),
    score: meanOf(results.map(({ score }) => score)),
    honestScore: meanOf(results.map(({ honestScore }) => honestScore)),
    others: sumHarms(results.map(({ others }) => others)),
    donors:
      donors.length === 0
        ? null
        : {
            flagged: donors.filter(({ accused }) => accused > 0).length,
            failed: donors.filter(({ failed }) => failed > 0).length,
            runs: donors.length,
          },
    tests: testsOf(results),
  };
}

function testsOf(results: readonly RunResult[]): string[] {
  const hours = new Map<string, number>();
  for (const { caught } of results) {
    for (const [test, count] of caught.tests) hours.set(test, (hours.get(test) ?? 0) + count);
  }
  return [...hours].toSorted(([, a], [, b]) => b - a).map(([test]) => test);
}

const MOST_TESTS = 3;

export function familiesTable(rows: readonly FamilyRow[]): string {
  return table(
    [
      'family',
      'attacks',
      'noticed',
      'sustained',
      'delay, h',
      'turned away',
      'score',
      'without',
      'others accused',
      'donors flagged, failed',
      'by',
    ],
    rows.map((row) => [
      row.attack,
      String(row.runs),
      share(row.noticed),
      share(row.sustained),
      row.delayHours === null ? '-' : String(row.delayHours),
      share(row.notTaken),
      row.score.toFixed(3),
      row.honestScore.toFixed(3),
      rateText(row.others.accused, row.others.hours),
      row.donors === null ? '' : `${row.donors.flagged}, ${row.donors.failed} of ${row.donors.runs}`,
      row.tests.slice(0, MOST_TESTS).join(', '),
    ]),
  );
}

export function totalsOf(rows: readonly FamilyRow[]): string {
  const others = sumHarms(rows.map((row) => row.others));
  return (
    `${rows.length} families, ${rows.reduce((sum, { runs }) => sum + runs, 0)} attacks: ` +
    `macro noticed ${share(meanOf(rows.map(({ noticed }) => noticed)))}, ` +
    `macro sustained ${share(meanOf(rows.map(({ sustained }) => sustained)))}, ` +
    `mean score ${meanOf(rows.map(({ score }) => score)).toFixed(3)}; ` +
    `others: ${others.accused} hours accused, ${others.relieved} relieved, ${others.failed} failed of ${others.hours}`
  );
}

export function baselineTable(stations: readonly StationBaseline[]): string {
  const row = (name: string, { hours, flagged, failed }: Rate, score: number): string[] => [
    name,
    String(hours),
    rateText(flagged, hours),
    rateText(failed, hours),
    score.toFixed(3),
  ];
  const cities = [...Map.groupBy(stations, ({ city }) => city)];
  const total = (name: string, of: readonly StationBaseline[]) =>
    row(name, sumRates(of.map(({ rate }) => rate)), meanOf(of.map(({ score }) => score)));
  return table(
    ['station', 'device-hours', 'flagged', 'failed', 'score'],
    [
      ...cities.flatMap(([city, of]) => [
        ...of.map(({ station, rate, score }) => row(station, rate, score)),
        total(`**${city}**`, of),
      ]),
      total('**all**', stations),
    ],
  );
}

export function catalogueTable(): string {
  return table(
    ['family', 'what the cheat does', 'falsifies'],
    ATTACK_NAMES.map((name) => [name, ATTACKS[name].does, ATTACKS[name].falsifies]),
  );
}

const share = (value: number): string => value.toFixed(2);
const rateText = (count: number, of: number): string => (of === 0 ? '-' : `${((100 * count) / of).toFixed(2)} %`);

export function pageOf(stations: readonly StationBaseline[], rows: readonly FamilyRow[], command: string): string {
  return `# Spoof benchmark

Written by \`${command}\`; do not edit. The months of \`data/slices\` (28 days, two cities) run through the fold of the
network under the rule set \`main\`, one reading per station, quantity and hour, posted on the fleet's schedule. After
${CLEAN_DAYS} clean days one station turns into a cheat for the other half of the month; each attack runs alone, beside
the same month without it. The attacks are those of \`sensors/simulator/attacks\`;
\`npm run device -- simulate --attack NAME --station ID\` lets a running network see one.

## Honest baseline

Nobody cheats: every flag is a false positive, save what is wrong in the data themselves. All 28 days, the learning of the
first included; *score* is the mean over device-days.

${baselineTable(stations)}

## Attacks

${totalsOf(rows)}.

${familiesTable(rows)}

- *noticed*: share of attacks with an hour flagged (suspect or fail) or turned away that was not without the attack.
- *sustained*: share of attacks with at least ${SUSTAINED_SHARE * 100} % of the attacked hours flagged or turned away. Attacked hours are those
  in which the cheat sends what an honest device would not.
- *delay*: median hours from the first attacked hour to the first one noticed; 0 is the verdict on that very hour.
- *turned away*: share of attacked hours whose readings the region did not take, because they came after their hour's close.
- *score*: mean over the attacked days of the cheat; *without*: of the same device on the same days, honest.
- *others accused*: device-hours of everybody else that are flagged with the attack and not without.
- *donors*: copied devices with any hour flagged, or failed, that was not without the attack.
- *by*: tests of the noticed hours, most frequent first.

A sensor that stands at the far end of the same city (\`location\`) measures real air that fits the region; from data alone it
cannot be told apart in every case. Burst attacks (\`smoke\`, \`heat-gun\`) count only their bursts as attacked.

## Families

${catalogueTable()}
`;
}
