import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LOCAL_RULES } from '../rules/local.ts';
import { splitLoss } from '../region/score-costs.ts';
import { computeEpoch, type EpochInputs, type EpochResult } from './compute-epoch.ts';
import { carryOf } from './report.ts';
import { dueReserves, NO_CARRY } from './reserve.ts';
import { lateEpochsOf, statementOf, type DayScore, type Statement } from './statement.ts';
import type { DeviceDay } from './weight.ts';
import { AUCTION, sale, TREASURY, usageOf } from '../../test/support/sales.ts';
import { NO_USAGE } from './usage.ts';

const rules = LOCAL_RULES;
const EPOCH = 40;
const [A, B] = ['831f89fffffffff', '831f8dfffffffff'] as const;
const owner = (n: number): string => `0x${String(n).padStart(40, '0')}`;

const anyDay = fc.record({
  owner: fc.integer({ min: 0, max: 5 }).map(owner),
  status: fc.constantFrom<DeviceDay['status']>('active', 'active', 'active', 'quarantined'),
  tier: fc.constantFrom(0, 1, 2),
  density: fc.constantFrom('d1', 'd2', 'd3'),
  claimedMs: fc.nat({ max: 100 }),
  scoreBps: fc.integer({ min: 0, max: 10_000 }),
  score30Bps: fc.integer({ min: 0, max: 10_000 }),
  eligible: fc.constantFrom(true, true, true, false),
});
const anyDays = fc.array(anyDay, { maxLength: 12 });
const daysOf = (cell: string, rows: readonly Omit<DeviceDay, 'device' | 'cell'>[]): readonly DeviceDay[] =>
  rows.map((row, n) => ({
    ...row,
    device: `${cell}-${n}`,
    cell,
    // Every fourth repeats the one before.
    ...(n % 4 === 3 ? { alike: `${cell}-${n - 1}`, density: rows[n - 1]?.density ?? row.density } : {}),
  }));
const compute = (epoch: number, more: Partial<EpochInputs>): EpochResult =>
  computeEpoch(
    {
      epoch,
      firstEpoch: EPOCH,
      burned: 0n,
      days: [],
      usage: NO_USAGE,
      predecessors: new Map(),
      segments: [],
      regions: [],
      missing: [],
      carry: NO_CARRY,
      late: [],
      ...more,
    },
    rules,
  );
const scoreOf = (day: DeviceDay, epoch: number): DayScore => ({
  device: day.device,
  cell: day.cell,
  epoch,
  scoreBps: day.scoreBps,
  costs: splitLoss(
    10_000 - day.scoreBps,
    new Map([
      ['spike', 3],
      ['missing', 5],
      ['memory', day.tier],
    ]),
  ),
});

function checkLines({ lines, ...sums }: Statement): void {
  for (const line of lines) {
    const cost = line.costs.reduce((sum, { amount }) => sum + amount, 0n);
    expect(line.full - cost).toBe(line.earned);
    expect(line.costs.every(({ amount }) => amount >= 0n)).toBe(true);
    expect(line.withheld + line.base + line.demand).toBe(line.earned);
    expect(line.base >= 0n && line.demand >= 0n).toBe(true);
  }
  expect(lines.reduce((sum, { amount }) => sum + amount, 0n)).toBe(sums.amount);
  expect(sums.base + sums.demand).toBe(sums.amount);
}

test('whatever an epoch pays, in time and late, the statements of all owners add up to its total and to every leaf', () => {
  fc.assert(
    fc.property(anyDays, anyDays, anyDays, fc.bigInt({ min: 0n, max: 10n ** 23n }), (first, second, late, burned) => {
      const [inA, inB, lateB] = [daysOf(A, first), daysOf(B, second), daysOf(B, late)];
      const regions = [{ cell: A }, { cell: B }];
      const start = compute(EPOCH, { days: [...inA, ...inB], regions });
      const without = compute(EPOCH + 1, {
        days: inA,
        regions: [{ cell: A }],
        missing: [{ cell: B }],
        carry: carryOf(start.reportText),
        burned,
      });
      const carry = carryOf(without.reportText);
      const served = [...inA, ...inB].map(({ device }, n) => ({ device, units: n }));
      const usage = usageOf([sale(1, 12_345n, served), sale(2, 67n, served.slice(1)), sale(3, 890n, [])], {
        operators: [{ cell: A, operator: owner(6) }],
      });
      const then = compute(EPOCH + 2, {
        days: [...inA, ...inB],
        regions,
        carry,
        usage,
        predecessors: new Map(),
        burned: burned / 2n,
        late: dueReserves(carry, regions).map(({ epoch }) => ({ epoch, days: lateB, others: inA })),
      });
      const scores = [
        ...[...inA, ...inB].map((day) => scoreOf(day, EPOCH + 2)),
        ...lateB.map((day) => scoreOf(day, EPOCH + 1)),
      ];
      const owners = [...Array.from({ length: 8 }, (_, n) => owner(n)), AUCTION, TREASURY];
      const statements = owners.map((one) => statementOf(then.report, [without.report], one, scores, rules.reward));
      statements.forEach(checkLines);
      const sum = (of: (statement: Statement) => bigint): bigint => statements.reduce((all, one) => all + of(one), 0n);
      expect(sum(({ amount }) => amount)).toBe(then.total);
      expect(sum(({ withheld }) => withheld)).toBe(BigInt(then.report.withheld));
      expect(sum((one) => one.usdc)).toBe(13_302n);
      for (const { amount, usdc, batch, owner: of } of statements) {
        const leaf = batch === null ? 0n : then.batches[batch.index]?.amount[batch.position];
        expect([of, leaf]).toEqual([of, amount]);
        const paid = batch === null ? 0n : then.batches[batch.index]?.usdcAmount[batch.position];
        expect([of, paid]).toEqual([of, usdc]);
      }
    }),
    { numRuns: 100 },
  );
});

const day: DeviceDay = {
  device: 'd',
  cell: A,
  owner: owner(1),
  status: 'active',
  tier: 1,
  density: 'd1',
  claimedMs: 2,
  scoreBps: 9000,
  score30Bps: 9000,
  eligible: true,
};
const explain = (days: readonly DeviceDay[], burned = 0n): Statement => {
  const { report } = compute(EPOCH, { days, regions: [{ cell: A }], burned });
  return statementOf(
    report,
    [],
    day.owner,
    days.map((one) => scoreOf(one, EPOCH)),
    rules.reward,
  );
};
const costsOf = ({ lines }: Statement) => lines[0]?.costs.map(({ part, cause, bps }) => [part, cause, bps]);

test('each flag, the tier and the slot have their cost', () => {
  const first = { ...day, device: 'c', owner: owner(2), claimedMs: 1 };
  const statement = explain([first, day]);
  expect(costsOf(statement)).toEqual([
    ['score', 'memory', 111],
    ['score', 'missing', 556],
    ['score', 'spike', 333],
    ['tier', 'tier', null],
    ['slot', 'slot', null],
  ]);
  const [line] = statement.lines;
  // 1 - .25 of the ramp, of that .4 for the tier, of that .25 for the slot.
  const shares = (line?.costs ?? []).map(({ amount }) => Number(amount) / Number(line?.full));
  expect(shares.slice(0, 3).reduce((sum, share) => sum + share, 0)).toBeCloseTo(0.25, 6);
  expect(shares[3]).toBeCloseTo(0.3, 6);
  expect(shares[4]).toBeCloseTo(0.1125, 6);
});

test('a device below the weekly score, one that is alike, and one without a day row say so', () => {
  expect(costsOf(explain([{ ...day, eligible: false }]))?.at(-1)).toEqual(['weekly', 'weekly', null]);
  const first = { ...day, device: 'c', owner: owner(2), claimedMs: 1 };
  expect(costsOf(explain([first, { ...day, alike: 'c' }]))?.at(-1)).toEqual(['alike', 'alike', null]);
  const { report } = compute(EPOCH, { days: [day], regions: [{ cell: A }] });
  expect(costsOf(statementOf(report, [], day.owner, [], rules.reward))?.[0]).toEqual(['score', 'score', 1000]);
});

test('the demand part is the share of the pot that burning released', () => {
  expect(explain([day]).demand).toBe(0n);
  const statement = explain([day], 10n ** 30n);
  // 40 % base, 60 % demand; rounded down once.
  expect(Number((statement.base * 10_000n) / statement.amount)).toBeGreaterThanOrEqual(3999);
  expect(statement.base + statement.demand).toBe(statement.amount);
});

test('a stranger to the epoch has an empty statement, and no report of earlier epochs is needed', () => {
  const { report } = compute(EPOCH, { days: [day], regions: [{ cell: A }] });
  expect(statementOf(report, [], owner(9), [], rules.reward)).toMatchObject({ lines: [], amount: 0n, batch: null });
  expect(lateEpochsOf(report, day.owner)).toEqual([]);
});
