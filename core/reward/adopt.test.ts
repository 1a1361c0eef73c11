import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LOCAL_RULES } from '../rules/local.ts';
import { rowsOfReport } from './adopt.ts';
import { computeEpoch, type EpochResult } from './compute-epoch.ts';
import type { DeviceDay } from './weight.ts';
import { sale, usageOf } from '../../test/support/sales.ts';

const CELLS = ['831f8dfffffffff', '831f89fffffffff'] as const;
const owner = (n: number): string => `0x${(n + 1).toString(16).padStart(40, '0')}`;

const anyDays = (cell: string): fc.Arbitrary<readonly DeviceDay[]> =>
  fc
    .array(
      fc.record({
        owner: fc.integer({ min: 0, max: 9 }).map(owner),
        status: fc.constantFrom('active' as const, 'quarantined' as const),
        tier: fc.constantFrom(0, 1, 2),
        density: fc.constantFrom('a', 'b', 'c'),
        claimedMs: fc.integer({ min: 0, max: 5 }),
        scoreBps: fc.integer({ min: 5000, max: 10_000 }),
        score30Bps: fc.integer({ min: 0, max: 10_000 }),
        eligible: fc.boolean(),
      }),
      { maxLength: 30 },
    )
    .map((days) => days.map((day, n) => ({ device: `did:key:z6Mk${cell}${100 + n}`, cell, ...day })));

/** An epoch with a reserve for a region that missed the one before, and with sales. */
function epochWith(days: readonly DeviceDay[], late: readonly DeviceDay[], usdc: readonly bigint[]): EpochResult {
  const [present, missed] = CELLS;
  return computeEpoch(
    {
      epoch: 41,
      firstEpoch: 40,
      burned: 7n,
      days,
      usage: usageOf(
        usdc.map((amount, n) => sale(n, amount, [{ device: `sold-${n}`, units: 1 }])),
        { devices: usdc.map((_, n) => ({ device: `sold-${n}`, owner: owner(n + 5), cell: present })) },
      ),
      predecessors: new Map(),
      segments: [],
      regions: CELLS.map((cell) => ({ cell, closedThrough: 9 })),
      missing: [{ cell: '831f8cfffffffff' }],
      carry: {
        previous: 'aa',
        unspent: 9n,
        weights: new Map([
          [present, 1n],
          ['831f8cfffffffff', 10n ** 12n],
        ]),
        counted: new Map([[missed, 39]]),
        reserves: [{ epoch: 40, cell: missed, weight: 10n ** 12n, amount: 10n ** 18n }],
      },
      late: [{ epoch: 40, days: late, others: [] }],
    },
    LOCAL_RULES,
  );
}

test('the rows that follow from a report are those that were written with it, regions that were missing or late included', () => {
  fc.assert(
    fc.property(
      anyDays(CELLS[0]),
      anyDays(CELLS[1]),
      fc.array(fc.bigInt(0n, 10n ** 9n), { maxLength: 8 }),
      (days, late, usdc) => {
        const { report: _report, reportText, usageText: _usage, payouts, ...rows } = epochWith(days, late, usdc);
        const adopted = rowsOfReport(reportText, rows.reportHash, rows.root);
        if (!adopted.ok) throw new Error(adopted.error.reason);
        const { payouts: found, ...others } = adopted.value;
        expect(others).toEqual(rows);
        const kept = payouts.map((payout) => ({
          ...payout,
          shares: payout.shares.map(({ device, owner: of, scoreBps, weight, amount, frozen }) => ({
            device,
            owner: of,
            scoreBps,
            weight,
            amount,
            frozen,
          })),
        }));
        expect(found).toEqual(kept);
      },
    ),
    { numRuns: 50 },
  );
});

test('a report with another text, or whose batches are not those of the root on the chain, gives no rows', () => {
  const { reportText, reportHash, root } = epochWith([], [], [5n]);
  expect(rowsOfReport(reportText.replace('"burned":"7"', '"burned":"8"'), reportHash, root)).toMatchObject({
    error: { reason: 'report-hash-differs' },
  });
  expect(rowsOfReport(reportText, reportHash, `0x${'1'.repeat(64)}`)).toMatchObject({
    error: { reason: 'report-root-differs' },
  });
});
