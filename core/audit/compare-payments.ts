/** What the chain has, against what was recomputed. Reading the chain is somebody else's work. */
import type { PayoutBatch } from '../reward/batches.ts';
import type { EpochResult } from '../reward/compute-epoch.ts';
import { ok, type Result } from '../result.ts';
import { compareFields } from './compare.ts';
import { differs, type Difference, type Place } from './difference.ts';

/** `Committed` of EpochDistributor, amounts as decimal text, hashes as lower-case hex with 0x. */
export type CommitFacts = {
  readonly root: string;
  readonly total: string;
  readonly reserved: string;
  readonly usdcTotal: string;
  readonly batchCount: number;
  readonly reportHash: string;
  readonly ruleSetHash: string;
  readonly dataRoot: string;
};

/** `BatchMinted` and the token transfers that came with it. */
export type MintFacts = {
  readonly transaction: string;
  readonly index: number;
  /** From nobody, in the order of the transaction's logs. */
  readonly transfers: readonly { readonly to: string; readonly amount: string }[];
  readonly usdc: string;
};

/** @param epoch named in the place where it is not the audited one */
export function compareCommit(
  commit: CommitFacts,
  transaction: string,
  result: EpochResult,
  epoch?: number,
): Result<void, Difference> {
  const recomputed: CommitFacts = {
    ruleSetHash: `0x${result.ruleSetHash}`,
    dataRoot: `0x${result.dataRoot}`,
    total: String(result.total),
    reserved: String(result.reserved),
    usdcTotal: String(result.usdcTotal),
    batchCount: result.batches.length,
    root: result.root,
    reportHash: `0x${result.reportHash}`,
  };
  return compareFields('commit', commit, recomputed, { ...(epoch === undefined ? {} : { epoch }), transaction });
}

/** Each batch at most once, each recipient in its place with its amount. */
export function compareMints(mints: readonly MintFacts[], result: EpochResult): Result<void, Difference> {
  const seen = new Set<number>();
  for (const mint of mints) {
    const batch = result.batches[mint.index];
    const at: Place = { transaction: mint.transaction, field: `batch ${mint.index}` };
    if (batch === undefined || seen.has(mint.index))
      return differs('mint', at, 'paid', batch ? 'paid before' : 'nothing');
    seen.add(mint.index);
    const paid = compareMint(mint, batch, at);
    if (!paid.ok) return paid;
  }
  return ok(undefined);
}

function compareMint(mint: MintFacts, batch: PayoutBatch, at: Place): Result<void, Difference> {
  for (const [position, owner] of batch.to.entries()) {
    const transfer = mint.transfers[position];
    const amount = String(batch.amount[position] ?? 0n);
    if (transfer?.to === owner && transfer.amount === amount) continue;
    const published = transfer ? `${transfer.amount} to ${transfer.to}` : 'nothing';
    return differs('mint', { ...at, owner }, published, `${amount} to ${owner}`);
  }
  const extra = mint.transfers[batch.to.length];
  if (extra) return differs('mint', { ...at, owner: extra.to }, `${extra.amount} to ${extra.to}`, 'nothing');
  const usdc = batch.usdcAmount.reduce((sum, amount) => sum + amount, 0n);
  return mint.usdc === String(usdc) ? ok(undefined) : differs('mint', { ...at, field: 'usdc' }, mint.usdc, usdc);
}
