/** Devices and their latest values as the free routes name them, a page at a time. */
import type { At } from '../../../core/query/places.ts';
import { quantityByIndex, type Quantity } from '../../../core/reading/quantity.ts';
import { meanOf } from '../../../core/query/rows.ts';
import { pointOf } from './point.ts';
import { testCodes } from '../../../core/qc/tests.ts';
import type { TimeRules } from '../../../core/rules/rule-set.ts';
import { hourOf, hourStartMs, rfc3339 } from '../../../core/time.ts';
import type { DeviceItem, LatestItem } from '../../../schema/api/places.ts';
import { readPlaced, type Placed, type PlaceQuery } from '../../adapters/d1/places.ts';

export type Page<T> = {
  readonly items: readonly T[];
  /** Where the next page begins: after this; null: there is none. */
  readonly next: At | null;
};

/** Smallest and largest number of devices read at once, and how often before a page is given up as it is. */
const LEAST_DEVICES = 20;
const MOST_DEVICES = 500;
const MOST_ROUNDS = 20;
/** Beyond every quantity. */
const LAST = 99;

/** The newest hour whose every reading is at least the publication delay old. */
export function lastPublicHour(now: number, rules: TimeRules): number {
  return hourOf(now - rules.publicationDelaySeconds * 1000, rules) - 1;
}

export function toDeviceItem({ row, scoreBps, latest }: Placed): DeviceItem {
  return {
    device: row.device,
    name: row.displayName,
    status: row.status,
    region: row.cell,
    place: row.place,
    ...pointOf(row),
    tier: row.tier,
    owner: row.owner,
    scoreBps,
    quantities: [...latest.keys()].toSorted((a, b) => a - b).flatMap((index) => quantityByIndex(index)?.code ?? []),
  };
}

/** By quantity, in the order of the catalogue. Null: all. */
export function toLatestItems(
  { row, latest }: Placed,
  quantities: readonly Quantity[] | null,
  rules: TimeRules,
): readonly LatestItem[] {
  return [...latest]
    .toSorted(([a], [b]) => a - b)
    .flatMap(([index, { hour, cell }]): LatestItem[] => {
      const quantity = quantityByIndex(index);
      if (quantity === undefined || quantities?.includes(quantity) === false) return [];
      const [, , count, sum, , , flag, tests] = cell;
      return [
        {
          device: row.device,
          name: row.displayName,
          region: row.cell,
          ...pointOf(row),
          quantity: quantity.code,
          value: meanOf(sum, count, quantity),
          unit: quantity.unit,
          start: rfc3339(hourStartMs(hour, rules)),
          count,
          flag: flag as LatestItem['flag'],
          tests: testCodes(tests),
        },
      ];
    });
}

type Walk = {
  readonly query: PlaceQuery;
  readonly after: At | null;
  readonly limit: number;
  /** Items to leave out first. */
  readonly skip?: number;
  readonly throughHour: number;
};

/**
 * Reads devices until `limit` items have come of them. A page may be short, and even empty, where few of many devices have
 * what is asked for: `next` then goes on from there.
 */
export async function pageOf<T>(
  db: D1Database,
  { query, after, limit, skip = 0, throughHour }: Walk,
  itemsOf: (placed: Placed) => readonly (readonly [index: number, item: T])[],
): Promise<Page<T>> {
  const found: (readonly [At, T])[] = [];
  const wanted = skip + limit;
  let from: At | null = after;
  for (let round = 0; round < MOST_ROUNDS && found.length <= wanted; round += 1) {
    // Where devices give little, more of them are read at once.
    const size = Math.min(MOST_DEVICES, Math.max(LEAST_DEVICES, wanted + 2 - found.length) * 2 ** round);
    const placed: readonly Placed[] = await readPlaced(db, query, from && [from[0], from[1]], size, throughHour);
    for (const one of placed) {
      const { cell, device } = one.row;
      // The device at which the page before ended comes again: of it, only what was not given yet.
      const given = from !== null && from[0] === cell && from[1] === device ? from[2] : -1;
      for (const [index, item] of itemsOf(one)) {
        if (index <= given) continue;
        found.push([[cell, device, index], item]);
      }
    }
    const last = placed.at(-1)?.row;
    if (placed.length < size || last === undefined) return cut(found, skip, limit, null);
    from = [last.cell, last.device, LAST];
  }
  return cut(found, skip, limit, from);
}

function cut<T>(found: readonly (readonly [At, T])[], skip: number, limit: number, rest: At | null): Page<T> {
  const given = found.slice(skip, skip + limit);
  const isMore = found.length > skip + limit;
  return { items: given.map(([, item]) => item), next: isMore ? (given.at(-1)?.[0] ?? null) : rest };
}
