/**
 * One poke: look at the chain, bring the intents up to it, send a bounded number of transactions, write back where the
 * epochs stand. Every step may be repeated and may be the last before a crash.
 */
import { healthAlarms } from '../../core/reward/mint/health.ts';
import { planJobs } from '../../core/reward/mint/plan.ts';
import { batchLoader } from './batches.ts';
import { chainFailure, type MinterChain, type Snapshot } from './chain.ts';
import type { MinterConfig } from './config.ts';
import { isSameMark, readLastFinal, readOpenEpochs, writeMarks, type EpochRow } from './epoch-rows.ts';
import { foreignAlarms, reconcileIntents } from './reconcile.ts';
import { resendWaiting, sendJobs, type Sending } from './send.ts';
import { lookUpEpochs, markOf, mintedByOthers, revokedEpochs, type Standing } from './standing.ts';
import type { MinterStore } from './store.ts';

export type PokeParts = {
  readonly config: MinterConfig;
  readonly store: MinterStore;
  readonly chain: MinterChain;
  readonly db: D1Database;
  readonly archive: R2Bucket;
};

/** What there is to tell, as sentences. */
export async function poke(parts: PokeParts, nowMs: number): Promise<Sending> {
  try {
    return await pokeOnce(parts, nowMs);
  } catch (error) {
    const failure = chainFailure(error);
    if (failure === null) throw error;
    return onlyAlarms([`The chain does not answer as it should: ${failure}`]);
  }
}

async function pokeOnce(parts: PokeParts, nowMs: number): Promise<Sending> {
  const { store, chain, db } = parts;
  if (!store.claimFor(chain.address)) {
    return onlyAlarms([
      `The committer's key changed while transactions of the old one are open: put the old key back until they are final, or give them up ("npm run admin -- minter resume").`,
    ]);
  }
  const look = await chain.look();
  store.setFact('balance', String(look.balance));
  const foreign = await reconcileIntents(store, chain, look, nowMs);
  const alarms = foreignAlarms(store, chain, look, foreign);
  const rows = await readOpenEpochs(db);
  const standings = await lookUpEpochs(chain, look, rows, intentsOf(store, rows));
  const sending = alarms.length > 0 ? onlyAlarms(alarms) : await sendAll(parts, look, standings, nowMs);
  const found = await writeBack(parts, look, standings);
  const health = healthAlarms({
    address: chain.address,
    balanceWei: look.balance,
    intents: store.openIntents(),
    epochs: standings
      .filter(({ known }) => known)
      .map(({ row, latest }) => ({ ...row, maturesAt: latest?.maturesAt || null })),
    nowMs,
  });
  return { ...sending, alarms: [...sending.alarms, ...found, ...health] };
}

const onlyAlarms = (alarms: readonly string[]): Sending => ({ alarms, waiting: null });

const intentsOf = (store: MinterStore, rows: readonly EpochRow[]) => store.intentsFrom(rows[0]?.epoch ?? 0);

async function sendAll(
  parts: PokeParts,
  look: Snapshot,
  standings: readonly Standing[],
  nowMs: number,
): Promise<Sending> {
  const { store, chain, config } = parts;
  const refused = await resendWaiting(parts, look, nowMs);
  if (refused.length > 0) return onlyAlarms(refused);
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
  return await sendJobs(parts, look, jobs, new Map(rows.map((row) => [row.epoch, row])), batchLoader(parts), nowMs);
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
      ? [
          `Epoch ${standing.row.epoch} was revoked by the guardian: nothing is committed until an operator has looked (docs/operations.md).`,
        ]
      : []),
  ]);
}

const isRevoked = ({ row }: Standing, revoked: ReadonlySet<number>): boolean =>
  row.state === 'revoked' || revoked.has(row.epoch);
