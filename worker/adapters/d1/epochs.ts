/**
 * Writes epoch and payout rows: once, all rows of an epoch in one batch, and never changed by a recomputation. The pages
 * read them through public.ts.
 */
import type { EpochRows } from '../../../core/reward/compute-epoch.ts';
import type { Payout } from '../../../core/reward/batches.ts';
import type { Sale } from '../../../core/reward/sale.ts';

/** D1 takes at most 2 MB in one bound value and 100 bound values a statement: rows travel as JSON in parts of this size. */
const CHUNK_CHARACTERS = 500_000;

export async function lastComputedEpoch(db: D1Database): Promise<number | null> {
  return await db.prepare(`SELECT max(epoch) AS last FROM epoch`).first<number | null>('last');
}

export async function readReportHash(db: D1Database, epoch: number): Promise<string | null> {
  return await db.prepare(`SELECT report_hash AS hash FROM epoch WHERE epoch = ?`).bind(epoch).first<string>('hash');
}

/**
 * Writes nothing where the epoch already has its row. Returns the hash of the report that stands afterwards.
 * @param counted where the rows of a committed epoch were lost: the sales that it has paid, and no other epoch may
 */
export async function writeEpoch(
  db: D1Database,
  result: EpochRows,
  computedMs: number,
  counted: readonly Sale[] | null = null,
): Promise<string> {
  const insertEpoch = db
    .prepare(
      `INSERT INTO epoch (epoch, state, root, total, reserved, usdc_total, sales, usage_hash, recipients, devices, batch_count, report_hash,
         rule_set_hash, data_root, computed_ms, commit_hash, mint_hashes)
       VALUES (?, 'computed', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, '[]') ON CONFLICT DO NOTHING`,
    )
    .bind(
      result.epoch,
      result.root,
      String(result.total),
      String(result.reserved),
      String(result.usdcTotal),
      result.sales,
      result.usageHash,
      result.payouts.length,
      result.devices,
      result.batches.length,
      result.reportHash,
      result.ruleSetHash,
      result.dataRoot,
      computedMs,
    );
  // Two closes at once may have seen different regions: payouts go in with their own epoch row only, never beside another.
  const insertPayouts = db.prepare(
    `INSERT INTO payout (epoch, owner, amount, usdc, shares)
     SELECT ?2, value ->> 0, value ->> 1, value ->> 2, value -> 3 FROM json_each(?1)
     WHERE (SELECT report_hash FROM epoch WHERE epoch = ?2) = ?3 ON CONFLICT DO NOTHING`,
  );
  // Taken by a close of which nothing came.
  const clearSales = db.prepare(
    `UPDATE sale SET epoch = NULL WHERE epoch = ?1 AND (SELECT report_hash FROM epoch WHERE epoch = ?1) = ?2`,
  );
  const cut = db.prepare(
    `INSERT INTO usage_cut (epoch) SELECT ?1 WHERE (SELECT report_hash FROM epoch WHERE epoch = ?1) = ?2 ON CONFLICT DO NOTHING`,
  );
  const markSales = db.prepare(
    `INSERT INTO sale (id, kind, usdc, served, transaction_hash, sold_ms, epoch)
     SELECT value ->> 0, value ->> 1, value ->> 2, value -> 3, value ->> 4, value ->> 5, ?2 FROM json_each(?1)
     WHERE (SELECT report_hash FROM epoch WHERE epoch = ?2) = ?3 ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch`,
  );
  const readHash = db.prepare(`SELECT report_hash AS hash FROM epoch WHERE epoch = ?`).bind(result.epoch);
  const answers = await db.batch<{ hash: string }>([
    insertEpoch,
    ...jsonChunks(result.payouts.map(payoutRow)).map((chunk) =>
      insertPayouts.bind(chunk, result.epoch, result.reportHash),
    ),
    ...(counted === null ? [] : [clearSales, cut].map((statement) => statement.bind(result.epoch, result.reportHash))),
    ...jsonChunks((counted ?? []).map(saleRow)).map((chunk) => markSales.bind(chunk, result.epoch, result.reportHash)),
    readHash,
  ]);
  return answers.at(-1)?.results[0]?.hash ?? '';
}

/** [owner, amount, usdc, shares]: amounts as text, because SQLite's integers end at 2^63. */
function payoutRow({ owner, amount, usdc, shares }: Payout): string {
  return JSON.stringify([
    owner,
    String(amount),
    String(usdc),
    // Weight for people: basis points of a full weight.
    shares.map((share) => [share.device, share.scoreBps, Math.floor(share.weight / 100_000_000), String(share.amount)]),
  ]);
}

function saleRow({ id, kind, usdc, served, transaction, soldMs }: Sale): string {
  const pairs = served.map(({ device, units }) => [device, units]);
  return JSON.stringify([id, kind, String(usdc), pairs, transaction, soldMs]);
}

/** JSON arrays of whole rows; a single row longer than the limit makes a chunk of its own. */
function jsonChunks(rows: readonly string[]): readonly string[] {
  const chunks: string[] = [];
  let open: string[] = [];
  let length = 0;
  for (const row of rows) {
    if (open.length > 0 && length + row.length > CHUNK_CHARACTERS) {
      chunks.push(`[${open.join()}]`);
      [open, length] = [[], 0];
    }
    open.push(row);
    length += row.length + 1;
  }
  return open.length > 0 ? [...chunks, `[${open.join()}]`] : chunks;
}
