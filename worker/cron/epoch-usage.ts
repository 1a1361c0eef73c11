/** The usage of an epoch that is being closed: its sales, and what the list has to say beside them. */
import type { DeviceDay } from '../../core/reward/weight.ts';
import { holders, type Predecessors } from '../../core/reward/key-holder.ts';
import {
  decodeUsage,
  encodeUsage,
  hashUsage,
  keysWithoutDay,
  NO_USAGE,
  usageKey,
  type UsageFacts,
} from '../../core/reward/usage.ts';
import type { TimeRules } from '../../core/rules/rule-set.ts';
import { epochStartMs } from '../../core/time.ts';
import { readDeviceFacts, readPredecessors } from '../adapters/d1/key-history.ts';
import { readOperators, readSales, readUsageHash, takeSales } from '../adapters/d1/usage.ts';

export type UsageParts = {
  readonly db: D1Database;
  readonly archive: R2Bucket;
  /** Address of the burn auction; asked only where something was sold. */
  readonly auction: () => Promise<string>;
  readonly treasury: string;
};

export type Usage = { readonly usage: UsageFacts; readonly predecessors: Predecessors };

/** Of an epoch that has its row: what that row was computed from. Otherwise what it takes now, or took before. */
export async function readUsage(
  parts: UsageParts,
  epoch: number,
  days: readonly DeviceDay[],
  rules: TimeRules,
): Promise<Usage> {
  const { db } = parts;
  const hash = await readUsageHash(db, epoch);
  const listed = hash === null ? null : await readUsageList(parts.archive, epoch, hash);
  const sales =
    listed?.sales ??
    (await (hash === null ? takeSales(db, epoch, epochStartMs(epoch + 1, rules)) : readSales(db, epoch)));
  const predecessors = await readPredecessors(db, keysWithoutDay(sales, days));
  if (listed !== null) return { usage: listed, predecessors };
  if (sales.length === 0) return { usage: NO_USAGE, predecessors };
  const dayOf = holders(days, predecessors);
  const served = [...new Set(sales.flatMap((sale) => sale.served.map(({ device }) => device)))];
  const held = served.flatMap((key) => dayOf(key) ?? []);
  const devices = await readDeviceFacts(
    db,
    epoch,
    served.filter((key) => dayOf(key) === undefined),
  );
  const isSplit = sales.some(({ kind }) => kind !== 'top-up');
  const usage = {
    sales,
    devices,
    operators: await readOperators(
      db,
      [...devices, ...held].map(({ cell }) => cell),
    ),
    payees: isSplit ? { auction: await parts.auction(), treasury: parts.treasury } : null,
  };
  return { usage, predecessors };
}

/** Null: the list with this hash is not in the archive. Without a sale there is none to store. */
export async function readUsageList(archive: R2Bucket, epoch: number, hash: string): Promise<UsageFacts | null> {
  if (hash === hashUsage(encodeUsage(epoch, NO_USAGE))) return NO_USAGE;
  const text = await (await archive.get(usageKey(hash)))?.text();
  return text === undefined || hashUsage(text) !== hash ? null : decodeUsage(text);
}
