/** The rows that regions and outboxes would have written: one region, owners with a device each, their days and what they sold. */
import { randomOf } from './random.ts';
import type { TimeRules } from '../../core/rules/rule-set.ts';
import { epochStartMs, firstHourOf, hourOf } from '../../core/time.ts';

export type Statement = { readonly sql: string; readonly values: readonly (string | number)[] };

const CELL = '831f8dfffffffff';
/** A region closes its hours within ten minutes. */
const CLOSE_MS = 600_000;
const OWNERS = 9;

export const ownersOf = (seed: number): readonly string[] =>
  Array.from(
    { length: OWNERS },
    (_, n) => `0x${(BigInt(seed) * 16n + BigInt(n) + 0xa0000000n).toString(16).padStart(40, '0')}`,
  );

export function regionRow(firstEpoch: number, rules: TimeRules): Statement {
  return {
    sql: `INSERT INTO region (cell, name, rules, rule_set_hash, boundary, first_hour, closed_through, batches, readings, state_hash)
          VALUES (?, 'Chaos', 'main', '', '[]', ?, ?, 1, 1, '')`,
    values: [CELL, firstHourOf(firstEpoch, rules), firstHourOf(firstEpoch, rules)],
  };
}

export function closedHours(nowMs: number, rules: TimeRules): Statement {
  return { sql: 'UPDATE region SET closed_through = ?', values: [hourOf(nowMs - CLOSE_MS, rules) - 1] };
}

/** Days with all sorts of scores; the first epoch has five at least, later ones may have none. */
export function deviceDays(
  epoch: number,
  isFirst: boolean,
  owners: readonly string[],
  seed: number,
): readonly Statement[] {
  const random = randomOf(seed * 1000 + epoch);
  const count = isFirst ? 5 + random.below(5) : random.below(5) === 0 ? 0 : 1 + random.below(OWNERS);
  const from = random.below(OWNERS);
  return Array.from({ length: count }, (_, n) => {
    const at = (from + n) % OWNERS;
    const score = 6500 + random.below(3501);
    return {
      sql: `INSERT INTO device_day (device, epoch, cell, owner, status, tier, density, claimed_ms, score_bps, score30_bps,
              weekly_bps, eligible, parts, series, late, late_series, latitude_e5, longitude_e5)
            VALUES (?, ?, ?, ?, 'active', ?, ?, ?, ?, 10000, 10000, 1, '{}', '[{}]', 0, '[]', 0, 0)`,
      values: [`did:key:z6MkChaos${at}`, epoch, CELL, owners[at] ?? '', random.below(3), `density-${at}`, at, score],
    };
  });
}

export const TREASURY = `0x${'7e'.repeat(20)}`;
const MOST_SALES = 4;

/** Sales of the epoch, one of the epoch before that was long on its way, and credits with the top-up that covers them. */
export function saleRows(epoch: number, isFirst: boolean, seed: number, rules: TimeRules): readonly Statement[] {
  const random = randomOf(seed * 7919 + epoch);
  const row = (n: number, kind: 'x402' | 'credit' | 'top-up', usdc: number, of = epoch): Statement => {
    const devices =
      kind === 'top-up' ? [] : Array.from({ length: random.below(4) }, (_, at) => (at * 5 + n) % (OWNERS + 1));
    const served = [...new Set(devices)].map((at) => [`did:key:z6MkChaos${at}`, 1 + random.below(50)]);
    const id = kind === 'credit' ? `credit:chaos:${epoch * 10 + n}` : `x402:0x${seed.toString(16)}:0x${epoch}${n}`;
    return {
      sql: `INSERT INTO sale (id, kind, usdc, served, transaction_hash, sold_ms) VALUES (?, ?, ?, ?, ?, ?)`,
      values: [
        id,
        kind,
        String(usdc),
        JSON.stringify(served),
        kind === 'credit' ? '' : '0x',
        epochStartMs(of, rules) + n,
      ],
    };
  };
  const sales = Array.from({ length: random.below(MOST_SALES) }, (_, n) => row(n, 'x402', 1 + random.below(1_000_000)));
  if (!isFirst && random.below(3) === 0) sales.push(row(MOST_SALES, 'x402', 777, epoch - 1));
  if (random.below(3) > 0) return sales;
  return [...sales, row(MOST_SALES + 1, 'top-up', 5000), row(MOST_SALES + 2, 'credit', 1 + random.below(5000))];
}
