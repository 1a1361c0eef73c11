/**
 * One poke: look at the chain, bring the intents up to it, send a bounded number of transactions, write back where the
 * epochs stand. Every step may be repeated and may be the last before a crash.
 */
import { planJobs } from '../../core/reward/mint/plan.ts';
import { batchesOfReport, reportKey } from '../../core/reward/report.ts';
import { err, ok } from '../../core/result.ts';
import { chainFailure, type MinterChain, type Snapshot } from './chain.ts';
import type { MinterConfig } from './config.ts';
import { isSameMark, readLastFinal, readOpenEpochs, writeMarks, type EpochRow } from './epoch-rows.ts';
import { reconcileIntents } from './reconcile.ts';
import { resendWaiting, sendJobs, type LoadBatches } from './send.ts';
import { lookUpEpochs, markOf, mintedByOthers, revokedEpochs, type Standing } from './standing.ts';
import type { MinterStore } from './store.ts';

/** 0.002 ETH: about a thousand commits at 0.005 gwei. */
const LOW_BALANCE_WEI = 2_000_000_000_000_000n;
const STUCK_MS = 10 * 60_000;
/** Past the guardian's time, finality on OP takes 20 to 30 minutes. */
const LATE_MS = 2 * 3_600_000;

export type PokeParts = {
  readonly config: MinterConfig;
  readonly store: MinterStore;
  readonly chain: MinterChain;
  readonly db: D1Database;
  readonly archive: R2Bucket;
};

/** @return alarms, as sentences */
export async function poke(parts: PokeParts, nowMs: number): Promise<readonly string[]> {
  try {
    return await pokeOnce(parts, nowMs);
  } catch (error) {
    const failure = chainFailure(error);
    if (failure === null) throw error;
    return [`The chain does not answer as it should: ${failure}`];
  }
}

async function pokeOnce(parts: PokeParts, nowMs: number): Promise<readonly string[]> {
  const { store, chain, db } = parts;
  if (!store.claimFor(chain.address)) {
    return [
      `The committer's key changed while transactions of the old one are open: put the old key back until they are final.`,
    ];
  }
  const look = await chain.look();
  store.setFact('balance', String(look.balance));
  const foreign = await reconcileIntents(store, chain, look);
  const rows = await readOpenEpochs(db);
  const standings = await lookUpEpochs(chain, look, rows, intentsOf(store, rows));
  const sending = foreign.length > 0 ? foreign : await sendAll(parts, look, standings, nowMs);
  const found = await writeBack(parts, look, standings);
  return [...sending, ...found, ...healthAlarms(look, store, rows, await chain.delaySeconds(), nowMs)];
}

const intentsOf = (store: MinterStore, rows: readonly EpochRow[]) => store.intentsFrom(rows[0]?.epoch ?? 0);

async function sendAll(
  parts: PokeParts,
  look: Snapshot,
  standings: readonly Standing[],
  nowMs: number,
): Promise<readonly string[]> {
  const { store, chain, config } = parts;
  const stuck = await resendWaiting(parts, look, nowMs);
  if (stuck.length > 0) return stuck;
  const rows = standings.map(({ row }) => row);
  const intents = intentsOf(store, rows);
  const trusted = standings.filter(({ differs }) => !differs);
  const revoked = rows.some(({ state }) => state === 'revoked') || revokedEpochs(look, intents).size > 0;
  const jobs = planJobs({
    // After a revocation somebody has to decide; nothing is committed over it.
    epochs: trusted
      .filter(({ row }) => !revoked || row.epoch <= look.lastCommitted)
      .map(({ row, latest }) => ({
        epoch: row.epoch,
        batchCount: row.batchCount,
        maturesAt: latest?.maturesAt || null,
      })),
    intents,
    minted: await mintedByOthers(chain, trusted, intents),
    lastCommitted: look.lastCommitted,
    latestSeconds: look.latestSeconds,
    epochSeconds: config.rules.time.epochSeconds,
  });
  return await sendJobs(
    parts,
    look,
    jobs,
    new Map(rows.map((row) => [row.epoch, row])),
    batchLoader(parts.archive),
    nowMs,
  );
}

/** Reads a report once a poke, however many of its batches are minted. */
function batchLoader(archive: R2Bucket): LoadBatches {
  const loaded = new Map<string, Awaited<ReturnType<LoadBatches>>>();
  return async ({ epoch, reportHash, root }) => {
    const known = loaded.get(reportHash);
    if (known) return known;
    const stored = await archive.get(reportKey(reportHash));
    const batches = stored ? batchesOfReport(await stored.text(), reportHash, root) : null;
    const answer = batches?.ok
      ? ok(batches.value)
      : err(
          `The report of epoch ${epoch} is ${batches ? `not the one that was computed (${batches.error.reason})` : 'missing in the archive'}.`,
        );
    loaded.set(reportHash, answer);
    return answer;
  };
}

async function writeBack(
  { store, db }: PokeParts,
  look: Snapshot,
  standings: readonly Standing[],
): Promise<readonly string[]> {
  const intents = intentsOf(
    store,
    standings.map(({ row }) => row),
  );
  const revoked = revokedEpochs(look, intents);
  const marks = standings
    .filter(({ differs, known }) => known && !differs)
    .map((standing) => ({ standing, mark: markOf(standing, look, isRevoked(standing, revoked), store, intents) }))
    .filter(({ standing, mark }) => !isSameMark(standing.row, mark))
    .map(({ mark }) => mark);
  await writeMarks(db, marks);
  const lastFinal = await readLastFinal(db);
  if (lastFinal !== null) store.setFact('last-final', String(lastFinal));
  return standings.flatMap((standing) => [
    ...(standing.differs
      ? [`Epoch ${standing.row.epoch} is committed with another root than the one computed here.`]
      : []),
    ...(isRevoked(standing, revoked)
      ? [`Epoch ${standing.row.epoch} was revoked by the guardian: nothing later is committed.`]
      : []),
  ]);
}

const isRevoked = ({ row }: Standing, revoked: ReadonlySet<number>): boolean =>
  row.state === 'revoked' || revoked.has(row.epoch);

function healthAlarms(
  look: Snapshot,
  store: MinterStore,
  rows: readonly EpochRow[],
  delaySeconds: number,
  nowMs: number,
): readonly string[] {
  const alarms: string[] = [];
  if (look.balance < LOW_BALANCE_WEI) alarms.push(`The committer's key has only ${look.balance} wei left for gas.`);
  for (const { nonce, key, state, plannedMs } of store.openIntents()) {
    const waits = state === 'signed' || state === 'broadcast';
    if (waits && nowMs - plannedMs > STUCK_MS)
      alarms.push(`Nonce ${nonce} (${key}) has waited for a block for over 10 minutes.`);
    if (state === 'reverted') alarms.push(`Nonce ${nonce} (${key}) reverted: it is planned again once that is final.`);
  }
  const late = rows.find((row) => row.state !== 'revoked' && nowMs - row.computedMs > delaySeconds * 1000 + LATE_MS);
  if (late)
    alarms.push(`Epoch ${late.epoch} was computed more than two hours past the commit delay ago and is not final.`);
  return alarms;
}
