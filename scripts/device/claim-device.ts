/** One claim, signed by both keys and kept until the network has answered it. */
import type { PrivateKeyAccount } from 'viem/accounts';
import type { ActOf } from '../../core/lifecycle/act.ts';
import { ok, type Result } from '../../core/result.ts';
import type { NetworkProblem } from '../../sensors/client/problem.ts';
import { sentenceOf } from '../admin-client.ts';
import { UsageError } from '../command-line.ts';
import { dim, Refusal } from '../lib/say.ts';
import { exactPosition, issuedNow, type NetworkTerms, ownerOf, placed, readTerms, signAct } from '../registry/acts.ts';
import { type ClaimBody, claimJson, parseClaim, postClaim } from '../registry/routes.ts';
import type { OpenDevice } from './open.ts';
import type { Site } from './site.ts';
import { withPosition, writeState } from './state.ts';

/** Signed by both keys on this machine. A claim that got no answer is kept, and the next call sends the same one. */
export async function claimAs(
  { keyFile, key, state }: OpenDevice,
  api: string,
  owner: PrivateKeyAccount,
  site: Site,
  tier: 0 | 1 | 2,
  terms?: NetworkTerms,
): Promise<OpenDevice> {
  const repeated = await repeatClaim({ keyFile, key, state }, api);
  if (repeated !== null) return repeated;
  const now = terms ?? (await readTerms(api));
  const position = exactPosition(site);
  const act: ActOf<'claim'> = {
    kind: 'claim',
    device: key.did,
    owner: ownerOf(owner),
    ...placed(position),
    name: site.name ?? `Station ${key.did.slice(-6)}`,
    type: site.type ?? 'not said',
    tier,
    issuedAt: issuedNow(now),
    code: `0x${state.code}`,
  };
  return countersign({ keyFile, key, state }, api, { act, ownerSignature: await signAct(owner, act, now), position });
}

/** Kept until it is answered: a second claim of the same device would be refused where the first one arrived. */
export async function countersign(device: OpenDevice, api: string, body: ClaimBody): Promise<OpenDevice> {
  const state = withPosition({ ...device.state, api, claim: claimJson(body) }, body.position);
  await writeState(device.keyFile, state);
  const claimed = await sendClaim({ ...device, state }, api, body);
  if (claimed.ok) return claimed.value;
  throw new Refusal(sentenceOf(claimed.error));
}

async function sendClaim(
  { keyFile, key, state }: OpenDevice,
  api: string,
  body: ClaimBody,
): Promise<Result<OpenDevice, NetworkProblem>> {
  const answer = await postClaim(api, key, body);
  if (!answer.ok) {
    // A network that is out of order may have taken it all the same.
    if (answer.error.status < 500) await writeState(keyFile, { ...state, claim: null });
    return answer;
  }
  const { ingestUrl, region } = answer.value;
  const next = { ...state, api, address: { ingestUrl, region }, claim: null };
  await writeState(keyFile, next);
  return ok({ keyFile, key, state: next });
}

/** Null: there is none, or it came to nothing and another may be made. */
export async function repeatClaim(device: OpenDevice, api: string): Promise<OpenDevice | null> {
  const body = parseClaim(device.state.claim);
  if (body === null) return null;
  const repeated = await sendClaim(device, api, body);
  if (!repeated.ok && repeated.error.status >= 500) throw new Refusal(sentenceOf(repeated.error));
  return repeated.ok ? repeated.value : null;
}

export function tierOf(text: string | undefined): 0 | 1 | 2 {
  if (text === undefined || text === '0') return 0;
  if (text === '1' || text === '2') {
    console.log(dim(`A claim is granted tier 0; the operator raises it to ${text} once the hardware is checked.`));
    return text === '1' ? 1 : 2;
  }
  throw new UsageError(`--tier ${text}: one of 0, 1, 2`);
}
