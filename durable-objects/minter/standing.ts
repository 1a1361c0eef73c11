/** What the chain says about the epochs that D1 does not call final, joined with the Minter's own transactions. */
import { epochState } from '../../core/reward/mint/epoch-state.ts';
import { isOpen } from '../../core/reward/mint/intent.ts';
import type { CommittedEpoch, MinterChain, Snapshot } from './chain.ts';
import type { EpochMark, EpochRow } from './epoch-rows.ts';
import type { MinterStore, StoredIntent } from './store.ts';

/** Epochs looked up in one poke, oldest first: two calls each. */
const MAX_LOOKUPS = 24;
/** Batches asked about in one poke, where somebody else has minted, too. */
const MAX_MINTED_CHECKS = 64;

export type Standing = {
  readonly row: EpochRow;
  /** As at `latest` and at `finalized`; null: not committed there, or not looked up. */
  readonly latest: CommittedEpoch | null;
  readonly final: CommittedEpoch | null;
  /** The chain holds another root than D1: nothing of this epoch may be sent. */
  readonly differs: boolean;
  /** False: its turn to be looked up did not come in this poke, so nothing is said about it. */
  readonly known: boolean;
};

export async function lookUpEpochs(
  chain: MinterChain,
  look: Snapshot,
  rows: readonly EpochRow[],
  intents: readonly StoredIntent[],
): Promise<readonly Standing[]> {
  const ours = new Set(intents.filter(({ state }) => state !== 'void').map(({ key }) => key));
  let lookups = 0;
  return await Promise.all(
    rows.map(async (row): Promise<Standing> => {
      const committed = row.epoch <= look.lastCommitted;
      // An empty epoch that we committed holds nothing worth a call; one that others committed may hold another root.
      const worthIt = committed && (row.batchCount > 0 || !ours.has(`commit:${row.epoch}`));
      if (!worthIt || ++lookups > MAX_LOOKUPS)
        return { row, latest: null, final: null, differs: false, known: !worthIt };
      const [latest, final] = await Promise.all([
        chain.committed(row.epoch, 'latest'),
        row.epoch <= look.lastCommittedFinal ? chain.committed(row.epoch, 'finalized') : null,
      ]);
      return { row, latest, final, differs: latest.maturesAt > 0 && latest.root !== row.root, known: true };
    }),
  );
}

/** Batches that others have minted: anyone may. Asked only where the chain counts more than we know of. */
export async function mintedByOthers(
  chain: MinterChain,
  standings: readonly Standing[],
  intents: readonly StoredIntent[],
): Promise<ReadonlySet<string>> {
  const taken = new Set(intents.filter(({ state }) => state !== 'void').map(({ key }) => key));
  const doubtful: { epoch: number; index: number }[] = [];
  for (const { row, latest } of standings) {
    const indexes = Array.from({ length: row.batchCount }, (_, index) => index);
    const known = indexes.filter((index) => taken.has(`mint:${row.epoch}:${index}`)).length;
    if (latest === null || latest.batchesMinted === 0 || known === row.batchCount) continue;
    for (const index of indexes)
      if (!taken.has(`mint:${row.epoch}:${index}`)) doubtful.push({ epoch: row.epoch, index });
  }
  const asked = doubtful.slice(0, MAX_MINTED_CHECKS);
  const minted = await Promise.all(asked.map(({ epoch, index }) => chain.isMinted(epoch, index)));
  return new Set(asked.filter((_, n) => minted[n]).map(({ epoch, index }) => `mint:${epoch}:${index}`));
}

/** A final commit of ours that the contract no longer knows was taken back by the guardian. */
export function revokedEpochs(look: Snapshot, intents: readonly StoredIntent[]): ReadonlySet<number> {
  return new Set(
    intents
      .filter(
        ({ key, state, epoch }) => key.startsWith('commit:') && state === 'finalized' && epoch > look.lastCommitted,
      )
      .map(({ epoch }) => epoch),
  );
}

export function markOf(
  { row, latest, final }: Standing,
  look: Snapshot,
  revoked: boolean,
  store: MinterStore,
  intents: readonly StoredIntent[],
): EpochMark {
  const own = intents.filter((intent) => intent.epoch === row.epoch && intent.state !== 'void');
  const commit = own.find(({ key }) => key === `commit:${row.epoch}`);
  const mints = own.filter((intent) => intent !== commit);
  const committed = commit !== undefined || latest !== null;
  const hashOf = (intent: StoredIntent): string | null =>
    intent.minedHash ?? store.attempts(intent.nonce).at(-1)?.hash ?? null;
  return {
    epoch: row.epoch,
    state: epochState({
      batchCount: row.batchCount,
      committed: committed && row.epoch <= look.lastCommitted,
      batchesMinted: latest?.batchesMinted ?? 0,
      committedFinal: committed && row.epoch <= look.lastCommittedFinal,
      batchesMintedFinal: final?.batchesMinted ?? 0,
      revoked,
      hasCommitIntent: commit !== undefined,
      hasMintIntent: mints.length > 0,
      openIntents: own.filter(({ state }) => isOpen(state)).length,
    }),
    commitHash: commit ? hashOf(commit) : row.commitHash,
    commitBlock: commit ? commit.blockNumber : row.commitBlock,
    // By batch; where the Minter's own record is gone, what D1 already says stays.
    mintHashes:
      mints.length > 0
        ? mints
            .toSorted(byBatch)
            .map(hashOf)
            .filter((hash) => hash !== null)
        : row.mintHashes,
  };
}

const byBatch = (a: StoredIntent, b: StoredIntent): number => Number(a.key.split(':')[2]) - Number(b.key.split(':')[2]);
