/**
 * The life of one nonce of the committer's key: signed -> broadcast -> mined -> finalized, with a way back to broadcast
 * when a reorganization drops the block. Pure: what the chain was seen to say goes in, the next state comes out. A nonce
 * is never given up before the `finalized` block says who used it, and then only by an operator (resume.ts).
 */

export type IntentState =
  /** Bytes stored, perhaps not sent. */
  | 'signed'
  | 'broadcast'
  | 'mined'
  /** In a block, but without effect. */
  | 'reverted'
  | 'finalized'
  /** Reverted for good, or given up: its nonce is used up, its work may be planned anew. */
  | 'void';

export type Intent = {
  readonly nonce: number;
  readonly key: string;
  readonly epoch: number;
  readonly state: IntentState;
  readonly blockNumber: number | null;
};

/** One look at the chain. The nonce is read before any receipt, so a used nonce without a receipt is not a race. */
export type ChainLook = {
  /** Transactions of the key in the canonical chain at `latest`: the lowest unused nonce. */
  readonly nonce: number;
  readonly finalizedNumber: number;
  /** The same at `finalized`: every nonce below is used for good. */
  readonly finalNonce: number;
};

/** The receipt of whichever attempt at a nonce is in the chain. */
export type Sighting = {
  readonly hash: string;
  readonly blockNumber: number;
  readonly blockHash: string;
  readonly succeeded: boolean;
  /** Hash of the canonical block at that height. */
  readonly canonicalHash: string;
};

export type IntentMove =
  | { readonly kind: 'keep' }
  | { readonly kind: 'seen'; readonly state: 'mined' | 'reverted' | 'finalized' | 'void'; readonly sighting: Sighting }
  /** The block is gone: the stored bytes must be sent again. */
  | { readonly kind: 'dropped' }
  /** The nonce was used and none of our attempts used it. */
  | { readonly kind: 'foreign' };

export function isOpen(state: IntentState): boolean {
  return state !== 'finalized' && state !== 'void';
}

function isInBlock(state: IntentState): boolean {
  return state === 'mined' || state === 'reverted';
}

/** Whether receipts have to be read: only where the chain can have moved the intent. */
export function needsLook(intent: Intent, chain: ChainLook): boolean {
  if (!isOpen(intent.state) || intent.nonce >= chain.nonce) return false;
  return !isInBlock(intent.state) || intent.blockNumber === null || intent.blockNumber <= chain.finalizedNumber;
}

/** @param sighting null: no attempt has a receipt, or none was looked for */
export function reconcile(intent: Intent, sighting: Sighting | null, chain: ChainLook): IntentMove {
  if (!isOpen(intent.state)) return { kind: 'keep' };
  if (intent.nonce >= chain.nonce) return isInBlock(intent.state) ? { kind: 'dropped' } : { kind: 'keep' };
  if (!needsLook(intent, chain)) return { kind: 'keep' };
  if (sighting === null) return { kind: 'foreign' };
  const final = sighting.blockNumber <= chain.finalizedNumber && sighting.blockHash === sighting.canonicalHash;
  if (sighting.succeeded) return { kind: 'seen', state: final ? 'finalized' : 'mined', sighting };
  return { kind: 'seen', state: final ? 'void' : 'reverted', sighting };
}
