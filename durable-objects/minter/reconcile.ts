/** Brings every open intent up to what the chain says. Reads receipts only where something can have changed. */
import { needsLook, reconcile } from '../../core/reward/mint/intent.ts';
import type { MinterChain, Snapshot } from './chain.ts';
import type { MinterStore } from './store.ts';

/** Receipts read in one poke; the oldest nonces first, so the rest follows in the next. */
const MAX_LOOKS = 64;

/** @return our nonces that somebody else's transactions used; while there are any, nothing may be sent */
export async function reconcileIntents(
  store: MinterStore,
  chain: MinterChain,
  look: Snapshot,
  nowMs: number,
): Promise<readonly number[]> {
  const foreign: number[] = [];
  let looks = 0;
  for (const intent of store.openIntents()) {
    const looking = needsLook(intent, look);
    if (looking && ++looks > MAX_LOOKS) break;
    const sighting = looking ? await chain.sighting(store.attempts(intent.nonce).map(({ hash }) => hash)) : null;
    const move = reconcile(intent, sighting, look);
    if (move.kind === 'seen') store.setSeen(intent.nonce, move.state, move.sighting);
    else if (move.kind === 'dropped') store.setDropped(intent.nonce, nowMs);
    else if (move.kind === 'foreign') foreign.push(intent.nonce);
  }
  return foreign;
}

/** Somebody else holds the key: its nonces are used, or are ahead of all that we ever signed. */
export function foreignAlarms(
  store: MinterStore,
  { address }: MinterChain,
  look: Snapshot,
  foreign: readonly number[],
): readonly string[] {
  // A key that we have not used yet starts where the chain cannot go back to: behind a nonce that a reorganization gives
  // free again, all of ours would wait for ever.
  const next = store.nextNonce() ?? look.finalNonce;
  const nonces = look.nonce > next ? [...foreign, next] : foreign;
  const [first] = nonces;
  if (first === undefined) return [];
  return [
    `Nonce ${first} of the committer's key ${address} was used by a transaction that is not ours: nothing is sent any more. ` +
      `Find out who else has the key; docs/operations.md says how to go on ("npm run admin -- minter resume").`,
  ];
}
