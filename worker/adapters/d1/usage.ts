/** Sales that no epoch has counted yet, and whose the devices were that served them. */
import type { Sale, SaleKind } from '../../../core/reward/sale.ts';
import type { DeviceFacts, RegionOperator } from '../../../core/reward/usage.ts';

/** Characters of `served` that one epoch takes on; what comes later waits for the next one. The Worker has 128 MB. */
const MOST_SERVED_CHARACTERS = 16_000_000;
const MOST_SALES = 20_000;

type SaleRow = {
  readonly id: string;
  readonly kind: SaleKind;
  readonly usdc: string;
  readonly served: string;
  readonly transaction: string | null;
  readonly soldMs: number;
};

/**
 * The oldest first, so that a top-up is never left behind by what was bought with it. A sale that is marked with this epoch
 * or a later one is open, too: that epoch's row was lost, or never written.
 */
export async function readOpenSales(db: D1Database, epoch: number, untilMs: number): Promise<readonly Sale[]> {
  const { results } = await db
    .prepare(
      `SELECT id, kind, usdc, served, "transaction", soldMs FROM (
         SELECT id, kind, usdc, served, transaction_hash AS "transaction", sold_ms AS soldMs,
           sum(length(served)) OVER (ORDER BY sold_ms, id) AS running
         FROM sale WHERE (epoch IS NULL OR epoch >= ?1) AND sold_ms < ?2
       ) WHERE running <= ${MOST_SERVED_CHARACTERS} ORDER BY soldMs, id LIMIT ${MOST_SALES}`,
    )
    .bind(epoch, untilMs)
    .all<SaleRow>();
  return results.map(({ usdc, served, ...row }) => {
    const pairs = JSON.parse(served) as readonly (readonly [string, number])[];
    return { ...row, usdc: BigInt(usdc), served: pairs.map(([device, units]) => ({ device, units })) };
  });
}

/** As of each device's last day up to the epoch; of those that have one. */
export async function readDeviceFacts(
  db: D1Database,
  epoch: number,
  devices: readonly string[],
): Promise<readonly DeviceFacts[]> {
  if (devices.length === 0) return [];
  const { results } = await db
    .prepare(
      // SQLite takes the bare columns from the row that has the maximum.
      `SELECT device, owner, cell, max(epoch) AS epoch FROM device_day
       WHERE device IN (SELECT value FROM json_each(?1)) AND epoch <= ?2 GROUP BY device ORDER BY device`,
    )
    .bind(JSON.stringify(devices), epoch)
    .all<DeviceFacts>();
  return results.map(({ device, owner, cell }) => ({ device, owner, cell }));
}

/** Of these regions, as far as they have one. */
export async function readOperators(db: D1Database, cells: readonly string[]): Promise<readonly RegionOperator[]> {
  const { results } = await db
    .prepare(
      `SELECT cell, operator FROM region
       WHERE operator IS NOT NULL AND cell IN (SELECT value FROM json_each(?)) ORDER BY cell`,
    )
    .bind(JSON.stringify([...new Set(cells)]))
    .all<RegionOperator>();
  return results;
}

export async function readUsageHash(db: D1Database, epoch: number): Promise<string | null> {
  return await db.prepare(`SELECT usage_hash AS hash FROM epoch WHERE epoch = ?`).bind(epoch).first<string>('hash');
}
