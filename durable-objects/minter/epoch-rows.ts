/** The epoch rows of D1 that are not final, and what the Minter writes back: the chain's word, with transactions. */
import type { Payout } from '../../core/reward/batches.ts';
import type { EpochState } from '../../core/reward/mint/epoch-state.ts';

export type EpochRow = {
  readonly epoch: number;
  readonly state: EpochState;
  readonly root: string;
  readonly total: string;
  readonly reserved: string;
  readonly usdcTotal: string;
  readonly batchCount: number;
  readonly reportHash: string;
  readonly ruleSetHash: string;
  readonly dataRoot: string;
  readonly computedMs: number;
  readonly commitHash: string | null;
  readonly commitBlock: number | null;
  readonly mintHashes: readonly string[];
};

export type EpochMark = Pick<EpochRow, 'epoch' | 'state' | 'commitHash' | 'commitBlock' | 'mintHashes'>;

/** More epochs than a poke can do anything about. */
const MAX_ROWS = 400;

/** Oldest first. Raw SQL: the drizzle schema (schema/d1/epochs.ts) belongs to whoever writes the rows. */
export async function readOpenEpochs(db: D1Database): Promise<readonly EpochRow[]> {
  const { results } = await db
    .prepare(
      `SELECT epoch, state, root, total, reserved, usdc_total AS usdcTotal, batch_count AS batchCount,
         report_hash AS reportHash, rule_set_hash AS ruleSetHash, data_root AS dataRoot, computed_ms AS computedMs,
         commit_hash AS commitHash, commit_block AS commitBlock, mint_hashes AS mintHashes
       FROM epoch WHERE state <> 'final' ORDER BY epoch LIMIT ${MAX_ROWS}`,
    )
    .all<Omit<EpochRow, 'mintHashes'> & { mintHashes: string }>();
  return results.map((row) => ({ ...row, mintHashes: JSON.parse(row.mintHashes) as string[] }));
}

export async function readLastFinal(db: D1Database): Promise<number | null> {
  return await db.prepare(`SELECT max(epoch) AS last FROM epoch WHERE state = 'final'`).first<number | null>('last');
}

export async function writeMarks(db: D1Database, marks: readonly EpochMark[]): Promise<void> {
  if (marks.length === 0) return;
  // A row that D1 lost in the meantime is not made again here: only the epoch's close writes rows.
  const update = db.prepare(
    `UPDATE epoch SET state = ?, commit_hash = ?, commit_block = ?, mint_hashes = ? WHERE epoch = ?`,
  );
  await db.batch(
    marks.map(({ epoch, state, commitHash, commitBlock, mintHashes }) =>
      update.bind(state, commitHash, commitBlock, JSON.stringify(mintHashes), epoch),
    ),
  );
}

/** By owner, as the batches were cut; without the devices' shares. */
export async function readPayouts(db: D1Database, epoch: number): Promise<readonly Payout[]> {
  const { results } = await db
    .prepare(`SELECT owner, amount, usdc FROM payout WHERE epoch = ? ORDER BY owner`)
    .bind(epoch)
    .all<{ owner: string; amount: string; usdc: string }>();
  return results.map(({ owner, amount, usdc }) => ({ owner, amount: BigInt(amount), usdc: BigInt(usdc), shares: [] }));
}

/** After an operator has looked: what was taken back is committed again. */
export async function forgetRevocations(db: D1Database): Promise<void> {
  await db
    .prepare(`UPDATE epoch SET state = 'computed', commit_hash = NULL, commit_block = NULL WHERE state = 'revoked'`)
    .run();
}

export function isSameMark(row: EpochRow, mark: EpochMark): boolean {
  return (
    row.state === mark.state &&
    row.commitHash === mark.commitHash &&
    row.commitBlock === mark.commitBlock &&
    row.mintHashes.join() === mark.mintHashes.join()
  );
}
