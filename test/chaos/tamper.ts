/** Reports as somebody with access to archive and database could change them. */
import { encodeReport, hashReport, type EpochReport } from '../../core/reward/report.ts';
import { batchLeaf, merkleRoot } from '../../core/reward/merkle.ts';
import type { Tampering } from './network.ts';

/** Done twice, it undoes itself. */
export const ALTER_PAYOUTS = `UPDATE payout SET amount = substr(amount, 1, length(amount) - 1) || (9 - substr(amount, -1)) WHERE epoch = ?`;

/** With the epochs what was counted by those that are final: of the others the outboxes and `usage_cut` know. */
const COUNTED = `(SELECT epoch FROM epoch WHERE state = 'final')`;
export const LOST_ROWS = [
  { sql: `UPDATE sale SET epoch = NULL WHERE epoch IN ${COUNTED}`, values: [] },
  { sql: `DELETE FROM usage_cut WHERE epoch IN ${COUNTED}`, values: [] },
  { sql: 'DELETE FROM epoch', values: [] },
  { sql: 'DELETE FROM payout', values: [] },
];

const THIEF = `0x${'7'.repeat(40)}`;

export type Changed = {
  readonly text: string | null;
  /** What the database is made to say; null: it stays. */
  readonly row: { readonly root: string; readonly reportHash: string } | null;
};

export function tampered(text: string, how: Tampering): Changed {
  if (how === 'missing') return { text: null, row: null };
  const report = JSON.parse(text) as EpochReport;
  const batches = report.batches.map((batch, n) => {
    if (n > 0 && how !== 'row') return batch;
    const to = how === 'swapped' ? [THIEF, ...batch.to.slice(1)] : batch.to;
    const amount = how === 'swapped' ? batch.amount : batch.amount.map((of) => String(BigInt(of) + 1n));
    const fields = {
      epoch: report.epoch,
      index: batch.index,
      to,
      amount: amount.map(BigInt),
      usdcAmount: batch.usdc.map(BigInt),
    };
    return { ...batch, to, amount, leaf: batchLeaf(fields) };
  });
  const root = merkleRoot(batches.map(({ leaf }) => leaf));
  const changed = encodeReport({ ...report, batches, root });
  return { text: changed, row: how === 'row' ? { root, reportHash: hashReport(changed) } : null };
}
