/**
 * What an operator's word lets the Minter go on with: nonces that somebody else used, and epochs that the guardian took
 * back. A nonce is given up only where `finalized` says that it is used: before, a reorganization could still let one of
 * our own transactions take it, and its work would be done twice.
 */
import type { ChainLook } from './intent.ts';

export type ResumeView = {
  /** Ours, used by transactions that are not. */
  readonly foreign: readonly number[];
  /** The next nonce as stored; null: none was ever used. */
  readonly nextNonce: number | null;
  readonly chain: Pick<ChainLook, 'nonce' | 'finalNonce'>;
};

export type Resumption = {
  /** Whose work is planned anew. */
  readonly giveUp: readonly number[];
  /** Nonces below are used, whoever used them; null: nothing changes. */
  readonly firstNonce: number | null;
  /** Used by somebody else, but not for good yet. */
  readonly notFinal: boolean;
};

export function decideResume({ foreign, nextNonce, chain }: ResumeView): Resumption {
  const isAhead = nextNonce !== null && chain.nonce > nextNonce;
  return {
    giveUp: foreign.filter((nonce) => nonce < chain.finalNonce),
    firstNonce: nextNonce !== null && chain.finalNonce > nextNonce ? chain.finalNonce : null,
    notFinal: foreign.some((nonce) => nonce >= chain.finalNonce) || (isAhead && chain.finalNonce < chain.nonce),
  };
}
