/** Sends: first what is stored and not in a block, then new work. Bytes are stored before any node sees them. */
import { betterOffer, firstOffer, needsBetterOffer } from '../../core/fees.ts';
import { ethText } from '../../core/reward/mint/health.ts';
import { jobKey, jobName, type Job } from '../../core/reward/mint/plan.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { LoadBatches } from './batches.ts';
import { COMMIT_GAS, commitData, mintData, mintGas } from './calldata.ts';
import { callOf, type Call, type MinterChain, type Snapshot } from './chain.ts';
import type { MinterConfig } from './config.ts';
import type { EpochRow } from './epoch-rows.ts';
import type { Attempt, MinterStore, StoredIntent } from './store.ts';

/** A transaction that is not mined by then gets a better price at the same nonce: 90 blocks of OP Mainnet. */
const BUMP_AFTER_MS = 3 * 60_000;
/** Sent again in one poke; a reorganization may bring back more, and they follow in the next. */
const MAX_RESENDS = 16;

type Parts = { readonly store: MinterStore; readonly chain: MinterChain; readonly config: MinterConfig };

export type Sending = {
  readonly alarms: readonly string[];
  /** Why something is not sent although nothing is wrong. */
  readonly waiting: string | null;
};

/** In the order of nonces: a node keeps a later one waiting for an earlier one, if it takes it at all. */
export async function resendWaiting(parts: Parts, look: Snapshot, nowMs: number): Promise<readonly string[]> {
  const { store } = parts;
  const waiting = store.openIntents().filter(({ nonce }) => nonce >= look.nonce);
  for (const intent of waiting.slice(0, MAX_RESENDS)) {
    const attempts = store.attempts(intent.nonce);
    const last = attempts.at(-1);
    if (!last) continue;
    const better = await replacement(parts, look, intent, attempts.length, last, nowMs);
    if (better !== null) store.addAttempt(intent.nonce, better);
    const alarm = await broadcast(parts, intent.nonce, (better ?? last).raw);
    if (alarm !== null) return [alarm];
  }
  return [];
}

/** Null: the bytes that are stored are sent again. */
async function replacement(
  { chain, config }: Parts,
  look: Snapshot,
  { nonce, waitsSinceMs }: StoredIntent,
  attempts: number,
  last: Attempt,
  nowMs: number,
): Promise<Attempt | null> {
  const waitedMs = nowMs - Math.max(last.signedMs, waitsSinceMs);
  if (!needsBetterOffer(last, look.baseFeePerGas, waitedMs, BUMP_AFTER_MS)) return null;
  const call = callOf(last);
  const price = await chain.price(nonce, call, look.baseFeePerGas);
  const fees = betterOffer(last, attempts, price, config.maxFeeWei);
  return fees && (await chain.sign(nonce, call, fees, nowMs));
}

export async function sendJobs(
  parts: Parts,
  look: Snapshot,
  jobs: readonly Job[],
  rows: ReadonlyMap<number, EpochRow>,
  loadBatches: LoadBatches,
  nowMs: number,
): Promise<Sending> {
  const { store, chain, config } = parts;
  const alarms: string[] = [];
  let waiting: string | null = null;
  let commitsStopped = false;
  for (const job of jobs) {
    const row = rows.get(job.epoch);
    if (!row || (job.kind === 'commit' && commitsStopped)) continue;
    const call =
      job.kind === 'commit' ? await commitCall(parts, row) : await mintCall(chain, row, job.index, loadBatches);
    if (!call.ok) {
      alarms.push(call.error);
      // Commits keep their order: what follows a commit that cannot be sent cannot be sent either.
      commitsStopped ||= job.kind === 'commit';
      continue;
    }
    const nonce = store.nextNonce() ?? look.nonce;
    const offer = firstOffer(await chain.price(nonce, call.value, look.baseFeePerGas), config.maxFeeWei);
    if (offer.kind === 'too-dear') {
      waiting ??= `The ${jobName(jobKey(job))} would cost ${ethText(offer.costWei)} now, more than the limit of ${ethText(config.maxFeeWei)}: it waits until the chain is cheaper.`;
      commitsStopped ||= job.kind === 'commit';
      continue;
    }
    const attempt = await chain.sign(nonce, call.value, offer.fees, nowMs);
    store.plan(nonce, jobKey(job), job.epoch, attempt);
    const alarm = await broadcast(parts, nonce, attempt.raw);
    if (alarm !== null) return { alarms: [...alarms, alarm], waiting };
  }
  return { alarms, waiting };
}

async function broadcast({ store, chain }: Parts, nonce: number, raw: `0x${string}`): Promise<string | null> {
  const reply = await chain.send(raw);
  if (reply.kind === 'refused') return `The node did not take the transaction with nonce ${nonce}: ${reply.message}`;
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
