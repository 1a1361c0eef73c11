/** Where an epoch stands, from what the chain says at `latest` and `finalized`. Final only when nothing can undo it. */

export type EpochState = 'computed' | 'committing' | 'committed' | 'minting' | 'minted' | 'final' | 'revoked';

export type EpochStanding = {
  readonly batchCount: number;
  /** At `latest`. */
  readonly committed: boolean;
  readonly batchesMinted: number;
  /** At `finalized`. */
  readonly committedFinal: boolean;
  readonly batchesMintedFinal: number;
  /** Our commit became final, and the chain no longer has the epoch: the guardian took it back. */
  readonly revoked: boolean;
  readonly hasCommitIntent: boolean;
  readonly hasMintIntent: boolean;
  /** Transactions of this epoch that are not final. */
  readonly openIntents: number;
};

export function epochState(at: EpochStanding): EpochState {
  if (at.revoked) return 'revoked';
  if (at.committedFinal && at.batchesMintedFinal >= at.batchCount && at.openIntents === 0) return 'final';
  if (!at.committed) return at.hasCommitIntent ? 'committing' : 'computed';
  if (at.batchCount > 0 && at.batchesMinted >= at.batchCount) return 'minted';
  return at.hasMintIntent ? 'minting' : 'committed';
}
