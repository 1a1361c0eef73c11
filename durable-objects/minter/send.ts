/** Sends: first what is stored and not in a block, then new work. Bytes are stored before any node sees them. */
import { bumpedFees, freshFees } from '../../core/reward/mint/fees.ts';
import { jobKey, type Job } from '../../core/reward/mint/plan.ts';
import type { PayoutBatch } from '../../core/reward/batches.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { COMMIT_GAS, commitData, mintData, mintGas } from './calldata.ts';
import type { MinterChain, Snapshot } from './chain.ts';
import type { EpochRow } from './epoch-rows.ts';
import type { MinterStore } from './store.ts';

/** A transaction that is not mined by then gets a better price at the same nonce: 90 blocks of OP Mainnet. */
const BUMP_AFTER_MS = 3 * 60_000;

type Parts = { readonly store: MinterStore; readonly chain: MinterChain };
type Call = { readonly data: `0x${string}`; readonly gas: bigint };
export type LoadBatches = (row: EpochRow) => Promise<Result<readonly PayoutBatch[], string>>;

/** In the order of nonces: a node keeps a later one waiting for an earlier one, if it takes it at all. */
export async function resendWaiting(
  { store, chain }: Parts,
  look: Snapshot,
  nowMs: number,
): Promise<readonly string[]> {
  for (const intent of store.openIntents()) {
    if (intent.nonce < look.nonce) continue;
    const last = store.attempts(intent.nonce).at(-1);
    if (!last) continue;
    let { raw } = last;
    if (nowMs - last.signedMs >= BUMP_AFTER_MS) {
      const better = await chain.resign(intent.nonce, last, bumpedFees(last, look.baseFeePerGas), nowMs);
      store.addAttempt(intent.nonce, better);
      raw = better.raw;
    }
    const alarm = await broadcast({ store, chain }, intent.nonce, raw);
    if (alarm !== null) return [alarm];
  }
  return [];
}

export async function sendJobs(
  { store, chain }: Parts,
  look: Snapshot,
  jobs: readonly Job[],
  rows: ReadonlyMap<number, EpochRow>,
  loadBatches: LoadBatches,
  nowMs: number,
): Promise<readonly string[]> {
  const alarms: string[] = [];
  for (const job of jobs) {
    const row = rows.get(job.epoch);
    if (!row) continue;
    const call =
      job.kind === 'commit'
        ? await commitCall({ store, chain }, row)
        : await mintCall(chain, row, job.index, loadBatches);
    if (!call.ok) {
      alarms.push(call.error);
      // Commits keep their order: what follows a commit that cannot be sent cannot be sent either.
      if (job.kind === 'commit') return alarms;
      continue;
    }
    const nonce = store.nextNonce() ?? look.nonce;
    const attempt = await chain.sign(nonce, call.value.data, call.value.gas, freshFees(look.baseFeePerGas), nowMs);
    store.plan(nonce, jobKey(job), job.epoch, attempt);
    const alarm = await broadcast({ store, chain }, nonce, attempt.raw);
    if (alarm !== null) return [...alarms, alarm];
  }
  return alarms;
}

async function broadcast({ store, chain }: Parts, nonce: number, raw: `0x${string}`): Promise<string | null> {
  const reply = await chain.send(raw);
  if (reply.kind === 'refused') return `The node refuses the transaction with nonce ${nonce}: ${reply.message}`;
  store.setBroadcast(nonce);
  return null;
}

/** Only a commit with none before it on its way can be tried out: the node does not know the state the others leave. */
async function commitCall({ store, chain }: Parts, row: EpochRow): Promise<Result<Call, string>> {
  const data = commitData(row);
  if (store.openIntents().some(({ key }) => key.startsWith('commit:'))) return ok({ data, gas: COMMIT_GAS });
  const tried = await chain.estimate(data);
  return tried.ok
    ? ok({ data, gas: COMMIT_GAS })
    : err(`The commit of epoch ${row.epoch} would revert: ${tried.error}`);
}

async function mintCall(
  chain: MinterChain,
  row: EpochRow,
  index: number,
  loadBatches: LoadBatches,
): Promise<Result<Call, string>> {
  const batches = await loadBatches(row);
  if (!batches.ok) return batches;
  const data = mintData(batches.value, index);
  if (data === null) return err(`The report of epoch ${row.epoch} has no batch ${index}.`);
  const tried = await chain.estimate(data);
  if (!tried.ok) return err(`Batch ${index} of epoch ${row.epoch} would revert: ${tried.error}`);
  return ok({ data, gas: mintGas(tried.value) });
}
