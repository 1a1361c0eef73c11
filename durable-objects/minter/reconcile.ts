/** Brings every open intent up to what the chain says. Reads receipts only where something can have changed. */
import { needsLook, reconcile } from '../../core/reward/mint/intent.ts';
import type { MinterChain, Snapshot } from './chain.ts';
import type { MinterStore } from './store.ts';

/** Receipts read in one poke; the oldest nonces first, so the rest follows in the next. */
const MAX_LOOKS = 64;

/** @return alarms about a key that somebody else uses; while there are any, nothing may be sent */
export async function reconcileIntents(
  store: MinterStore,
  chain: MinterChain,
  look: Snapshot,
): Promise<readonly string[]> {
  const foreign: number[] = [];
  const open = store.openIntents();
  let looks = 0;
  for (const intent of open) {
    const looking = needsLook(intent, look);
    if (looking && ++looks > MAX_LOOKS) break;
    const sighting = looking ? await chain.sighting(store.attempts(intent.nonce).map(({ hash }) => hash)) : null;
    const move = reconcile(intent, sighting, look);
    if (move.kind === 'seen') store.setSeen(intent.nonce, move.state, move.sighting);
    else if (move.kind === 'dropped') store.setBroadcast(intent.nonce);
    else if (move.kind === 'foreign') foreign.push(intent.nonce);
  }
  const next = store.nextNonce();
  if (next !== null && look.nonce > next) foreign.push(next);
  return foreign.map(
    (nonce) =>
      `Nonce ${nonce} of the committer's key was used by a transaction that is not ours: nothing is sent until it is cleared up.`,
  );
}
