import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LOCAL_RULES } from '../rules/local.ts';
import { computeEpoch, type EpochInputs } from './compute-epoch.ts';
import { NO_CARRY } from './reserve.ts';
import { batchesOfReport } from './report.ts';
import type { DeviceDay } from './weight.ts';
import { AUCTION, sale, TREASURY, usageOf } from '../../test/support/sales.ts';
import { NO_USAGE } from './usage.ts';

const owner = (n: number): string => `0x${(n + 1).toString(16).padStart(40, '0')}`;
const device = (n: number): string => `did:key:z6Mk${1_000_000 + n}`;

const anyDay = fc.record({
  owner: fc.integer({ min: 0, max: 9 }).map(owner),
  cell: fc.constantFrom('831f8dfffffffff', '831f89fffffffff'),
  status: fc.constantFrom('claimed', 'active', 'quarantined', 'retired'),
  tier: fc.constantFrom(0, 1, 2),
  density: fc.constantFrom('a', 'b', 'c'),
  claimedMs: fc.integer({ min: 0, max: 5 }),
  scoreBps: fc.integer({ min: 0, max: 10_000 }),
  score30Bps: fc.integer({ min: 0, max: 10_000 }),
  eligible: fc.boolean(),
}) satisfies fc.Arbitrary<Omit<DeviceDay, 'device'>>;

const anyDays: fc.Arbitrary<readonly DeviceDay[]> = fc
  .array(anyDay, { maxLength: 40 })
  .map((days) => days.map((day, n) => ({ device: device(n), ...day })));

const inputs = (days: readonly DeviceDay[], more: Partial<EpochInputs> = {}): EpochInputs => ({
  epoch: 41,
  firstEpoch: 40,
  burned: 0n,
  days,
  usage: NO_USAGE,
  predecessors: new Map(),
  segments: [],
  regions: [],
  missing: [],
  carry: NO_CARRY,
  late: [],
  ...more,
});

const compute = (days: readonly DeviceDay[], more: Partial<EpochInputs> = {}) =>
  computeEpoch(inputs(days, more), LOCAL_RULES);

const paidTo = (days: readonly DeviceDay[], id: string): bigint =>
  BigInt(compute(days).report.devices.find((row) => row.device === id)?.amount ?? 0);

const perfect = (n: number, more: Partial<DeviceDay> = {}): DeviceDay => ({
  device: device(n),
  cell: '831f8dfffffffff',
  owner: owner(n),
  status: 'active',
  tier: 2,
  density: `density-${n}`,
  claimedMs: n,
  scoreBps: 10_000,
  score30Bps: 10_000,
  eligible: true,
  ...more,
});

test('what devices, owners and batches get is the same sum, and never more than the pot', () => {
  fc.assert(
    fc.property(anyDays, (days) => {
      const result = compute(days);
      const ofDevices = result.report.devices.reduce((sum, row) => sum + (row.frozen ? 0n : BigInt(row.amount)), 0n);
      const ofOwners = result.payouts.reduce((sum, payout) => sum + payout.amount, 0n);
      const ofBatches = result.batches.flatMap((batch) => batch.amount).reduce((sum, amount) => sum + amount, 0n);
      expect(ofDevices).toBe(result.total);
      expect(ofOwners).toBe(result.total);
      expect(ofBatches).toBe(result.total);
      expect(result.total + BigInt(result.report.withheld)).toBeLessThanOrEqual(BigInt(result.report.pot));
    }),
  );
});

test('the order of the inputs changes no byte of the report', () => {
  fc.assert(
    fc.property(
      anyDays.chain((days) => fc.tuple(fc.constant(days), fc.shuffledSubarray([...days], { minLength: days.length }))),
      ([days, shuffled]) => {
        expect(compute(shuffled).reportText).toBe(compute(days).reportText);
      },
    ),
  );
});

test('a better day never pays a device less', () => {
  fc.assert(
    fc.property(anyDays, fc.nat(), fc.integer({ min: 1, max: 10_000 }), (days, pick, gain) => {
      const chosen = days[pick % Math.max(1, days.length)];
      if (!chosen) return;
      const better = days.map((day) =>
        day === chosen ? { ...day, scoreBps: Math.min(10_000, day.scoreBps + gain) } : day,
      );
      expect(paidTo(better, chosen.device)).toBeGreaterThanOrEqual(paidTo(days, chosen.device));
    }),
  );
});

test('a newcomer in a full density cell changes nobody else and earns nothing', () => {
  fc.assert(
    fc.property(anyDays, fc.integer({ min: 0, max: 10_000 }), (days, scoreBps) => {
      const residents = [0, 1, 2, 3].map((n) => perfect(n + 1000, { density: 'full' }));
      const newcomer = perfect(2000, { density: 'full', scoreBps, owner: owner(1000) });
      const before = compute([...days, ...residents]);
      const after = compute([...days, ...residents, newcomer]);
      expect(after.root).toBe(before.root);
      expect(after.total).toBe(before.total);
    }),
  );
});

test('a lone perfect device gets one of at least 500 full weights', () => {
  const result = compute([perfect(0)]);
  expect(result.total).toBe(BigInt(result.report.pot) / 500n);
  expect(result.payouts).toHaveLength(1);
});

test('an epoch without devices pays nothing, in no batch, under the empty root', () => {
  const result = compute([]);
  expect(result).toMatchObject({ total: 0n, root: `0x${'0'.repeat(64)}`, batches: [], devices: 0 });
});

test('a quarantined device keeps its rank and its share of the divisor, and is not paid', () => {
  const days = Array.from({ length: 600 }, (_, n) => perfect(n, { density: `d${Math.floor(n / 2)}` }));
  const frozen = days.map((day, n) => (n === 0 ? { ...day, status: 'quarantined' as const } : day));
  const [before, after] = [compute(days), compute(frozen)];
  expect(after.report.devices.slice(1)).toEqual(before.report.devices.slice(1));
  expect(after.report.withheld).toBe(before.report.devices[0]?.amount);
  expect(after.total + BigInt(after.report.withheld)).toBe(before.total);
});

test('the zero address is never a recipient, because minting to it would revert its batch', () => {
  const result = compute([perfect(0, { owner: `0x${'0'.repeat(40)}` }), perfect(1)]);
  expect(result.batches.flatMap((batch) => batch.to)).toEqual([owner(1)]);
});

test('USDC of sales rides in the same batches', () => {
  const served = [
    { device: device(0), units: 3 },
    { device: 'elsewhere', units: 1 },
  ];
  const usage = usageOf([sale(1, 1000n, served)], {
    devices: [{ device: 'elsewhere', owner: owner(7), cell: 'there' }],
    operators: [{ cell: 'there', operator: owner(8) }],
  });
  const result = compute([perfect(0)], { usage });
  expect(result).toMatchObject({ usdcTotal: 1000n, sales: 1 });
  expect(result.batches[0]).toMatchObject({
    to: [owner(0), owner(7), owner(8), TREASURY, AUCTION],
    usdcAmount: [600n, 200n, 12n, 88n, 100n],
  });
});

test('a stored report gives back its batches, and is refused when a byte of it changes', () => {
  const { reportText, reportHash, root, batches } = compute([perfect(0), perfect(1)]);
  expect(batchesOfReport(reportText, reportHash, root)).toEqual({ ok: true, value: batches });
  expect(batchesOfReport(reportText.replace('"tier":2', '"tier":1'), reportHash, root)).toMatchObject({
    error: { reason: 'report-hash-differs' },
  });
  expect(batchesOfReport(reportText, reportHash, `0x${'1'.repeat(64)}`)).toMatchObject({
    error: { reason: 'report-root-differs' },
  });
});

test('a hundred thousand devices are computed in one go, in batches of 250 owners', () => {
  const days = Array.from({ length: 100_000 }, (_, n) =>
    perfect(n, { density: `d${n % 30_000}`, owner: owner(n % 20_000) }),
  );
  const result = compute(days);
  expect(result.batches).toHaveLength(80);
  expect(result.batches.every((batch) => batch.to.length === 250)).toBe(true);
  expect(result.total).toBeLessThanOrEqual(BigInt(result.report.pot));
}, 30_000);
