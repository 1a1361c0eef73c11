/**
 * The batches that an epoch's root stands for, from the report or, where the archive lost or changed it, from the payout
 * rows. Neither is trusted: the root is.
 */
import { batchesOf, type PayoutBatch } from '../../core/reward/batches.ts';
import { merkleRoot } from '../../core/reward/merkle.ts';
import { batchesOfReport, reportKey } from '../../core/reward/report.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { RuleSet } from '../../core/rules/rule-set.ts';
import { readPayouts, type EpochRow } from './epoch-rows.ts';

export type LoadBatches = (row: EpochRow) => Promise<Result<readonly PayoutBatch[], string>>;

type Parts = { readonly archive: R2Bucket; readonly db: D1Database; readonly config: { readonly rules: RuleSet } };

/** Reads an epoch once a poke, however many of its batches are minted. */
export function batchLoader(parts: Parts): LoadBatches {
  const loaded = new Map<string, ReturnType<LoadBatches>>();
  return (row) => {
    const known = loaded.get(row.reportHash) ?? load(parts, row);
    loaded.set(row.reportHash, known);
    return known;
  };
}

async function load({ archive, db, config }: Parts, row: EpochRow): ReturnType<LoadBatches> {
  const stored = await archive.get(reportKey(row.reportHash));
  const reported = stored ? batchesOfReport(await stored.text(), row.reportHash, row.root) : null;
  if (reported?.ok) return ok(reported.value);
  const payouts = await readPayouts(db, row.epoch);
  const batches = batchesOf(row.epoch, payouts, config.rules.reward.batchRecipients);
  if (merkleRoot(batches.map(({ leaf }) => leaf)) === row.root) return ok(batches);
  const problem = reported ? `not the one that was computed (${reported.error.reason})` : 'missing in the archive';
  return err(
    `The report of epoch ${row.epoch} is ${problem}, and its payout rows do not give its root either: put back reports/${row.reportHash}.json.`,
  );
}
