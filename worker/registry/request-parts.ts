/** What the routes have in common: the device of the address, the act, who has signed it, and the answer. */
import { parseDeviceId, type DeviceId, type OwnerAddress } from '../../core/ids.ts';
import { ingestUrlPath } from '../../core/ingest/tag.ts';
import { actPath, isPathOf, type Act, type ActKind, type ActOf } from '../../core/lifecycle/act.ts';
import { badField, type Fields } from '../../core/lifecycle/fields.ts';
import { parseAct } from '../../core/lifecycle/parse-act.ts';
import { checkIssuedAt } from '../../core/lifecycle/rules.ts';
import { parseOwnerSignature, type SignedAct } from '../../core/lifecycle/signed-act.ts';
import { typedDataOf } from '../../core/lifecycle/typed-data.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { decodeDidKey } from '../../core/signature/did-key.ts';
import { checkKeyStrength } from '../../core/signature/weak-key.ts';
import { rfc3339 } from '../../core/time.ts';
import type { RegistryAnswer } from '../../schema/api/registry.ts';
import { nowMs } from '../adapters/clock.ts';
import { readDevice } from '../adapters/d1/devices.ts';
import { enact, type Decide } from './enact.ts';
import { findAct } from './act-store.ts';
import type { RegistryContext } from './env.ts';
import { openRequest, type OpenedRequest } from './open-request.ts';
import { actHash, recoverOwner } from './owner-signature.ts';
import { refuse, type RegistryRefusal } from './problems.ts';

type Taken<T> = Promise<Result<T, RegistryRefusal>>;

export type OpenedAct<K extends ActKind> = OpenedRequest & { readonly act: ActOf<K> };

/** `members`: what the body holds beside the act. */
export async function openAct<K extends ActKind>(
  c: RegistryContext,
  kind: K,
  members: readonly string[],
): Taken<OpenedAct<K>> {
  const opened = await openRequest(c.req.raw, c.var.config.authorities, nowMs());
  if (!opened.ok) return opened;
  const { fields } = opened.value;
  const known = ['act', ...members];
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  if (unknown !== undefined) return badField(`/${unknown.slice(0, 40)}`, `the body holds ${known.join(', ')}`);
  const act = parseAct(kind, fields['act']);
  if (!act.ok) return act;
  const device = c.req.param('device');
  if (device !== undefined && device !== act.value.device)
    return badField('/act/device', 'must be the device of the address');
  // The device's signature is evidence of this act only if it is over the act's own address.
  const isSigned = opened.value.devices.length > 0 && c.req.method === 'POST';
  if (isSigned && !isPathOf(new URL(c.req.url).pathname, act.value))
    return badField('/act/device', `must be posted to ${actPath(act.value)}, as it stands here`);
  return ok({ ...opened.value, act: act.value });
}

export function deviceOf(c: RegistryContext): Result<DeviceId, RegistryRefusal> {
  return parseDeviceId(c.req.param('device'));
}

export function checkKey(device: DeviceId): Result<unknown, RegistryRefusal> {
  const key = decodeDidKey(device);
  return key.ok ? checkKeyStrength(key.value) : key;
}

/** The signature in this member of the body, if it is `owner`'s. */
export async function ownerSigned(
  c: RegistryContext,
  act: Act,
  fields: Fields,
  member: string,
  owner: OwnerAddress,
): Taken<SignedAct['owners'][number]> {
  const signature = parseOwnerSignature(fields[member]);
  if (!signature.ok) return badField(`/${member}`, 'must be a signature: 0x and 130 hex digits');
  const recovered = await recoverOwner(typedDataOf(act, c.var.config.domain), signature.value);
  return recovered === owner
    ? ok({ address: owner, signature: signature.value })
    : err({ reason: 'wrong-owner-signature', expected: owner, recovered });
}

export function deviceSigned(
  devices: SignedAct['devices'],
  device: DeviceId,
): Result<SignedAct['devices'][number], RegistryRefusal> {
  const signed = devices.find((one) => one.device === device);
  return signed === undefined ? err({ reason: 'device-signature-missing', device }) : ok(signed);
}

/** The owner as of now; a device that is retired has no acts any more. */
export async function presentOwner(c: RegistryContext, act: Act): Taken<OwnerAddress> {
  const known = await findAct(c.env.DB, actHash(typedDataOf(act, c.var.config.domain)));
  // An act that was carried out is answered again, whoever is the owner by now.
  if (known !== null && known.signed.owners[0] !== undefined) return ok(known.signed.owners[0].address);
  const current = await readDevice(c.env.DB, act.device);
  if (current === null) return err({ reason: 'no-such', kind: 'device', given: act.device });
  return ok(current.membership.owner);
}

/** Carries the act out and answers. `isTimely`: its time was checked before, when it began to wait. */
export async function answerAct(
  c: RegistryContext,
  signed: SignedAct,
  decide: Decide,
  isTimely = false,
): Promise<Response> {
  const { act, domain } = signed;
  const hash = actHash(typedDataOf(act, domain));
  const now = nowMs();
  if (!isTimely && (await findAct(c.env.DB, hash)) === null) {
    const timely = checkIssuedAt(act, now);
    if (!timely.ok) return refuse(c, timely.error);
  }
  const enacting = enact(c.env, { hash, signed }, decide, now);
  // To its end, though the client may go away. What it throws, this request answers for.
  c.executionCtx.waitUntil(Promise.allSettled([enacting]));
  const enacted = await enacting;
  if (!enacted.ok) return refuse(c, enacted.error);
  const { recorded, isNew } = enacted.value;
  const { cell, membership } = recorded.outcome;
  const { owner, status, displayName: name, place, elevationM, density, tier, version } = membership;
  const device = recorded.successor ?? recorded.device;
  const answer: RegistryAnswer = {
    device,
    version,
    status,
    region: cell,
    ingestUrl: new URL(ingestUrlPath(cell, device, c.var.config.ingestTagKey), c.req.url).href,
    owner,
    name,
    place,
    elevationM,
    density,
    tier,
    act: { kind: recorded.kind, hash, received: rfc3339(recorded.receivedMs) },
  };
  c.header('cache-control', 'no-store');
  return c.json(answer, isNew ? 201 : 200);
}
