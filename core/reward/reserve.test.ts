import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LOCAL_RULES } from '../rules/local.ts';
import { computeEpoch, type EpochInputs, type EpochResult } from './compute-epoch.ts';
import { potOf } from './pot.ts';
import { carryOf, type ReportRegion } from './report.ts';
import { dueReserves, NO_CARRY, type Carry } from './reserve.ts';
import { FULL_WEIGHT, type DeviceDay } from './weight.ts';
import { NO_USAGE } from './usage.ts';

const FIRST = 40;
const [A, B, C] = ['831f89fffffffff', '831f8dfffffffff', '831f9dfffffffff'] as const;
const POT = potOf(0, 0n, LOCAL_RULES.reward);

const day = (cell: string, n: number, more: Partial<DeviceDay> = {}): DeviceDay => ({
  device: `did:key:z6Mk${cell}${n}`,
  cell,
  owner: `0x${cell.slice(2, 6)}${String(n).padStart(36, '0')}`,
  status: 'active',
  tier: 2,
  density: `${cell}-${n}`,
  claimedMs: n,
  scoreBps: 10_000,
  score30Bps: 10_000,
  eligible: true,
  ...more,
});
const days = (cell: string, count: number, more: Partial<DeviceDay> = {}): readonly DeviceDay[] =>
  Array.from({ length: count }, (_, n) => day(cell, n, more));
const region = (cell: string): ReportRegion => ({ cell });
const compute = (epoch: number, carry: Carry, more: Partial<EpochInputs>): EpochResult =>
  computeEpoch(
    {
      epoch,
      firstEpoch: FIRST,
      burned: 0n,
      days: [],
      usage: NO_USAGE,
      predecessors: new Map(),
      segments: [],
      regions: [],
      missing: [],
      late: [],
      ...more,
      carry,
    },
    LOCAL_RULES,
  );
const after = ({ reportText }: EpochResult): Carry => carryOf(reportText);
const amountOf = (result: EpochResult, owner: string): bigint =>
  result.payouts.find((payout) => payout.owner === owner)?.amount ?? 0n;

/** A and B take part, then B is missing for an epoch. */
const start = (bDevices: number) => {
  const both = compute(FIRST, NO_CARRY, {
    days: [...days(A, 600), ...days(B, bDevices)],
    regions: [region(A), region(B)],
  });
  const without = compute(FIRST + 1, after(both), {
    days: days(A, 600),
    regions: [region(A)],
    missing: [region(B)],
  });
  return { both, without };
};

test('a region that is late is paid what it would have got in time', () => {
  const { both, without } = start(300);
  expect(without.reserved).toBe((POT * 300n) / 900n);
  expect(amountOf(without, day(A, 0).owner)).toBe(amountOf(both, day(A, 0).owner));
  const late = days(B, 300);
  const then = compute(FIRST + 2, after(without), {
    days: [...days(A, 600), ...late],
    regions: [region(A), region(B)],
    late: [{ epoch: FIRST + 1, days: late, others: [] }],
  });
  const once = amountOf(both, day(B, 7).owner);
  expect(amountOf(then, day(B, 7).owner)).toBe(2n * once);
  expect(then.reserved).toBe(0n);
  expect(then.report.late).toMatchObject([{ epoch: FIRST + 1, cell: B, paid: String(300n * once) }]);
});

test('where less closes late than was expected, the rest lapses; where more, all share what there is', () => {
  const { both, without } = start(300);
  const once = amountOf(both, day(B, 0).owner);
  const settle = (late: readonly DeviceDay[]) =>
    compute(FIRST + 2, after(without), { regions: [region(B)], late: [{ epoch: FIRST + 1, days: late, others: [] }] });
  const fewer = settle(days(B, 100));
  expect(amountOf(fewer, day(B, 0).owner)).toBe(once);
  expect(BigInt(fewer.report.lapsed)).toBe(without.reserved - 100n * once);
  const more = settle(days(B, 600));
  expect(amountOf(more, day(B, 0).owner)).toBe(without.reserved / 600n);
  expect(more.total).toBeLessThanOrEqual(without.reserved);
});

test('late devices rank behind those of the same density cell that were paid in time', () => {
  const { without } = start(1);
  const neighbor = day(A, 0, { density: 'border', tier: 0 });
  const late = day(B, 0, { density: 'border' });
  const [row] = compute(FIRST + 2, after(without), {
    regions: [region(A), region(B)],
    late: [{ epoch: FIRST + 1, days: [late], others: [neighbor] }],
  }).report.late;
  expect(row?.devices).toMatchObject([{ rank: 2, slotBps: 7500 }]);
});

test('a region that stays away is waited for 30 epochs; then its reserves lapse and it costs the others nothing', () => {
  let last = start(300).without;
  const alone = { days: days(A, 600), regions: [region(A)], missing: [region(B)] };
  for (let epoch = FIRST + 2; epoch <= FIRST + 30; epoch++) last = compute(epoch, after(last), alone);
  expect(last.report.reserves).toHaveLength(30);
  expect(last.report.lapsed).toBe('0');
  const lapsing = compute(FIRST + 31, after(last), alone);
  expect(lapsing.report.lapsed).toBe(String((POT * 300n) / 900n));
  expect(lapsing.report.weights.slice(1)).toMatchObject([{ cell: B, weight: '0' }]);
  expect(amountOf(lapsing, day(A, 0).owner)).toBe(POT / 600n);
  const next = compute(FIRST + 32, after(lapsing), alone);
  expect(next.report.weights.slice(1)).toMatchObject([{ cell: B, weight: '0' }]);
});

test('of a region that never took part nothing is expected, and nothing is set aside', () => {
  const result = compute(FIRST, NO_CARRY, { days: days(A, 600), regions: [region(A)], missing: [region(B)] });
  expect(result.reserved).toBe(0n);
  expect(result.report.divisor).toBe(String(600n * BigInt(FULL_WEIGHT)));
});

test('quarantined late devices are withheld', () => {
  const { without } = start(300);
  const late = days(B, 300, { status: 'quarantined' });
  const result = compute(FIRST + 2, after(without), {
    regions: [region(B)],
    late: [{ epoch: FIRST + 1, days: late, others: [] }],
  });
  expect(result.total).toBe(0n);
  expect(BigInt(result.report.withheld) + BigInt(result.report.lapsed)).toBe(without.reserved);
});

const anyHistory = fc.array(
  fc.record({
    burned: fc.bigInt({ min: 0n, max: 10n ** 23n }),
    regions: fc.uniqueArray(
      fc.record({ cell: fc.constantFrom(A, B, C), takesPart: fc.boolean(), devices: fc.nat({ max: 400 }) }),
      { selector: ({ cell }) => cell },
    ),
    scoreBps: fc.integer({ min: 5000, max: 10_000 }),
  }),
  { minLength: 1, maxLength: 8 },
);

test('whatever regions are late, the contract accepts every epoch, and every unit is paid, reserved or named as never minted', () => {
  fc.assert(
    fc.property(anyHistory, (history) => {
      let carry = NO_CARRY;
      let reserve = 0n;
      history.forEach(({ burned, regions, scoreBps }, n) => {
        const epoch = FIRST + n;
        const counted = regions.filter(({ takesPart }) => takesPart);
        const due = dueReserves(
          carry,
          counted.map(({ cell }) => region(cell)),
        );
        const result = compute(epoch, carry, {
          burned,
          days: counted.flatMap(({ cell, devices }) => days(cell, devices, { scoreBps })),
          regions: counted.map(({ cell }) => region(cell)),
          missing: regions.filter(({ takesPart }) => !takesPart).map(({ cell }) => region(cell)),
          late: [...Map.groupBy(due, (row) => row.epoch)].map(([of, rows]) => ({
            epoch: of,
            days: rows.flatMap(({ cell }, position) => days(cell, 90 * (position + 1), { scoreBps })),
            others: [],
          })),
        });
        const { report } = result;
        // EpochDistributor: total + reserved <= pot + reserve.
        expect(result.total + result.reserved).toBeLessThanOrEqual(BigInt(report.pot) + reserve);
        const named = [report.withheld, report.lapsed, report.unreleased].map(BigInt);
        expect(named.every((amount) => amount >= 0n)).toBe(true);
        expect(named.reduce((sum, amount) => sum + amount, result.total + result.reserved)).toBe(
          BigInt(report.pot) + reserve,
        );
        expect(report.reserves.reduce((sum, { amount }) => sum + BigInt(amount), 0n)).toBe(result.reserved);
        carry = after(result);
        reserve = result.reserved;
      });
    }),
    { numRuns: 60 },
  );
});
