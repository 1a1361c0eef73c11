/** The rows that regions would have published: one region, owners with a device each, and their days. */
import { randomOf } from './random.ts';
import type { TimeRules } from '../../core/rules/rule-set.ts';
import { firstHourOf, hourOf } from '../../core/time.ts';

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
              weekly_bps, eligible, parts, series, late, late_series)
            VALUES (?, ?, ?, ?, 'active', ?, ?, ?, ?, 10000, 10000, 1, '{}', '[{}]', 0, '[]')`,
      values: [`did:key:z6MkChaos${at}`, epoch, CELL, owners[at] ?? '', random.below(3), `density-${at}`, at, score],
    };
  });
}
