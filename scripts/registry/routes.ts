/** The registry's routes as the commands call them. Refusals come back as values; silence is an expected failure. */
import { actPath, CLAIMS_PATH, DEVICES_PATH, type Act, type ActOf, type Hex } from '../../core/lifecycle/act.ts';
import { actFields, parseAct } from '../../core/lifecycle/parse-act.ts';
import { type ExactPosition, parsePosition, POSITION_HEADER } from '../../core/lifecycle/position.ts';
import { parseOwnerSignature } from '../../core/lifecycle/signed-act.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { SigningKey } from '../../sensors/client/key.ts';
import { type NetworkProblem, readProblem } from '../../sensors/client/problem.ts';
import { request, sentenceOf } from '../admin-client.ts';
import { Refusal } from '../lib/say.ts';
import { JSON_TYPE, type Signer, signGet, signPost } from './signed-request.ts';

/** Of a claim, whole or the owner's half of it. */
export type ClaimBody = {
  readonly act: ActOf<'claim'>;
  readonly ownerSignature: Hex;
  readonly position: ExactPosition;
};

export type Registered = { readonly ingestUrl: string; readonly region: string };
type Answered = Promise<Result<Registered, NetworkProblem>>;

export function postClaim(api: string, device: SigningKey, body: ClaimBody): Answered {
  const { position, ...signed } = claimJson(body);
  return post(api, body.act, signed, [{ label: 's', key: device }], position);
}

/** Null: the owner has signed nothing yet. */
export async function readWaitingHalf(api: string, device: SigningKey, code: string): Promise<ClaimBody | null> {
  const url = new URL(`${CLAIMS_PATH}/${device.did}?code=0x${code}`, api);
  const headers = await signGet({ label: 's', key: device }, url, Date.now());
  const response = await request(url, { headers });
  if (response.status === 404) return null;
  if (!response.ok) throw new Refusal(sentenceOf(await readProblem(response)));
  const half = parseClaim(await response.json());
  if (half === null) throw new Refusal(`${url.origin} gave a half of a claim that cannot be read; nothing was signed`);
  return half;
}

/** An act with whatever else its body holds; without signers only owners have signed, and the network reads them there. */
export function postAct(
  api: string,
  act: Act,
  rest: Readonly<Record<string, unknown>>,
  signers: readonly Signer[],
): Answered {
  return post(api, act, { act: actFields(act), ...rest }, signers);
}

export function claimJson({ act, ownerSignature, position }: ClaimBody) {
  return { act: actFields(act), ownerSignature, position };
}

export function parseClaim(given: unknown): ClaimBody | null {
  if (typeof given !== 'object' || given === null) return null;
  if (!('act' in given && 'ownerSignature' in given && 'position' in given)) return null;
  const act = parseAct('claim', given.act);
  const position = parsePosition(given.position);
  if (!act.ok || !position.ok || !parseOwnerSignature(given.ownerSignature).ok) return null;
  return { act: act.value, position: position.value, ownerSignature: given.ownerSignature as Hex };
}

async function post(
  api: string,
  act: Act,
  json: object,
  signers: readonly Signer[],
  position?: ExactPosition,
): Answered {
  const url = new URL(actPath(act), api);
  const body = JSON.stringify(json);
  const headers = {
    'content-type': JSON_TYPE,
    // Beside the body, which is published as what the device signed.
    ...(position && { [POSITION_HEADER]: JSON.stringify(position) }),
    ...(signers.length > 0 && (await signPost(signers, { url, body, nowMs: Date.now() }))),
  };
  const response = await request(url, { method: 'POST', headers, body });
  // Answers of our own routes: their shape is schema/api/registry.ts.
  return response.ok ? ok(await response.json<Registered>()) : err(await readProblem(response));
}

export function eventsUrl(api: string, device: string): URL {
  return new URL(`${DEVICES_PATH}/${device}/events`, api);
}
