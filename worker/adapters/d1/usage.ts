/** Sales that an epoch counts, and who operates the regions that served them. */
import type { Sale, SaleKind } from '../../../core/reward/sale.ts';
import type { RegionOperator } from '../../../core/reward/usage.ts';

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
 * Gives the epoch whatever was sold before its end and is not counted yet, once: a repetition takes no more. The oldest
 * first, so that a top-up is never left behind by what was bought with it. One statement after the other, in one
 * transaction: two closes at once see the same.
 */
export async function takeSales(db: D1Database, epoch: number, untilMs: number): Promise<readonly Sale[]> {
  const take = db
    .prepare(
      `UPDATE sale SET epoch = ?1 WHERE NOT EXISTS (SELECT 1 FROM usage_cut WHERE epoch = ?1) AND id IN (
         SELECT id FROM (
           SELECT id, sold_ms, sum(length(served)) OVER (ORDER BY sold_ms, id) AS running
           FROM sale WHERE epoch IS NULL AND sold_ms < ?2
         ) WHERE running <= ${MOST_SERVED_CHARACTERS} ORDER BY sold_ms, id LIMIT ${MOST_SALES})`,
    )
    .bind(epoch, untilMs);
  const cut = db.prepare('INSERT INTO usage_cut (epoch) VALUES (?) ON CONFLICT DO NOTHING').bind(epoch);
  await db.batch([take, cut]);
  return readSales(db, epoch);
}

/** Undoes that, where the epoch cannot be computed with what it took. */
export async function giveBackSales(db: D1Database, epoch: number): Promise<void> {
  const isOpen = 'NOT EXISTS (SELECT 1 FROM epoch WHERE epoch.epoch = ?1)';
  await db.batch([
    db.prepare(`UPDATE sale SET epoch = NULL WHERE epoch = ?1 AND ${isOpen}`).bind(epoch),
    db.prepare(`DELETE FROM usage_cut WHERE epoch = ?1 AND ${isOpen}`).bind(epoch),
  ]);
}

export async function readSales(db: D1Database, epoch: number): Promise<readonly Sale[]> {
  const { results } = await db
    .prepare(
      `SELECT id, kind, usdc, served, transaction_hash AS "transaction", sold_ms AS soldMs FROM sale
       WHERE epoch = ? ORDER BY id`,
    )
    .bind(epoch)
    .all<SaleRow>();
  return results.map(({ usdc, served, ...row }) => {
    const pairs = JSON.parse(served) as readonly (readonly [string, number])[];
    return { ...row, usdc: BigInt(usdc), served: pairs.map(([device, units]) => ({ device, units })) };
  });
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
