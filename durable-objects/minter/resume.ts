/** The operator's word after somebody has looked: gives up what is lost for good, so that its work is planned anew. */
import { decideResume } from '../../core/reward/mint/resume.ts';
import type { MinterResumption } from '../../schema/api/public.ts';
import { forgetRevocations, readOpenEpochs } from './epoch-rows.ts';
import type { PokeParts } from './poke.ts';
import { reconcileIntents } from './reconcile.ts';
import { revokedEpochs } from './standing.ts';

/** Safe to repeat: what is done once is not there the second time. */
export async function resume({ store, chain, db }: PokeParts, nowMs: number): Promise<MinterResumption> {
  const done: string[] = [];
  const waits: string[] = [];
  if (!store.claimFor(chain.address)) {
    // What the old key sent may still be mined. It can pay nothing twice: the contract counts, whoever sends.
    store.claimFor(chain.address, true);
    done.push(`The open transactions of the old key are given up; ${chain.address} goes on.`);
  }
  const look = await chain.look();
  const foreign = await reconcileIntents(store, chain, look, nowMs);
  const { giveUp, firstNonce, notFinal } = decideResume({ foreign, nextNonce: store.nextNonce(), chain: look });
  for (const nonce of giveUp) {
    store.giveUp(nonce);
    done.push(`Nonce ${nonce} is given up: its work is planned anew.`);
  }
  if (firstNonce !== null) {
    store.skipTo(firstNonce);
    done.push(`Nonces below ${firstNonce} are left to whoever used them.`);
  }
  if (notFinal) waits.push('A transaction that is not ours is not final yet: repeat this in half an hour.');
  const rows = await readOpenEpochs(db);
  const intents = store.intentsFrom(rows[0]?.epoch ?? 0);
  const revoked = revokedEpochs(look, intents);
  for (const { nonce, key, epoch } of intents) if (key === `commit:${epoch}` && revoked.has(epoch)) store.giveUp(nonce);
  await forgetRevocations(db);
  const again = new Set([...rows.filter(({ state }) => state === 'revoked').map(({ epoch }) => epoch), ...revoked]);
  for (const epoch of [...again].sort((a, b) => a - b)) done.push(`Epoch ${epoch} is committed again.`);
  const early = intents.filter(
    ({ key, epoch, state }) => key === `commit:${epoch}` && state === 'mined' && epoch > look.lastCommitted,
  );
  for (const { epoch } of early)
    waits.push(`The revoked commit of epoch ${epoch} is not final yet: repeat this later.`);
  return { done, waits };
}
