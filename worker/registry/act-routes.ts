/** `/v1/registry/devices/{device}/...`: what happens to a device that has an owner. */
import { Hono } from 'hono';
import { parsePosition, publicElevationM } from '../../core/lifecycle/position.ts';
import type { SignedAct } from '../../core/lifecycle/signed-act.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { readDevice, type Registration } from '../adapters/d1/devices.ts';
import { callRegion } from '../adapters/region.ts';
import { checkOpen, checkRoom } from './claim-routes.ts';
import type { RegistryEnv } from './env.ts';
import { checkPlace } from './place-act.ts';
import { refuse, type RegistryRefusal } from './problems.ts';
import { answerAct, checkKey, deviceSigned, openAct, ownerSigned, presentOwner } from './request-parts.ts';

export const actRoutes = new Hono<RegistryEnv>();

actRoutes.post('/v1/registry/devices/:device/relocate', async (c) => {
  const opened = await openAct(c, 'relocate', ['ownerSignature', 'position']);
  if (!opened.ok) return refuse(c, opened.error);
  const { act, fields } = opened.value;
  const owner = await ownerSigned(c, act, fields, 'ownerSignature', act.owner);
  if (!owner.ok) return refuse(c, owner.error);
  const position = parsePosition(fields['position']);
  if (!position.ok) return refuse(c, position.error);
  const place = checkPlace(act, position.value);
  if (!place.ok) return refuse(c, place.error);
  const signed: SignedAct = { act, domain: c.var.config.domain, owners: [owner.value], devices: [] };
  return answerAct(c, signed, async (current) => {
    const living = alive(current, act.device);
    if (!living.ok) return living;
    const { membership } = living.value;
    if (membership.owner !== act.owner) return notTheOwner(act.owner, membership.owner);
    const isThere = living.value.cell === act.region;
    const open = await (isThere ? checkOpen : checkRoom)(c.env.DB, act.region);
    if (!open.ok) return open;
    const { cell, ...at } = place.value;
    const elevationM = publicElevationM(position.value);
    return ok({ cell, membership: { ...membership, ...at, elevationM, density: at.place } });
  });
});

actRoutes.post('/v1/registry/devices/:device/maintenance', async (c) => {
  const opened = await openAct(c, 'maintenance', ['ownerSignature']);
  if (!opened.ok) return refuse(c, opened.error);
  const { act, fields, devices } = opened.value;
  const signed: SignedAct = { act, domain: c.var.config.domain, owners: [], devices: [] };
  const unchanged = async (current: Registration | null) => alive(current, act.device);
  if (fields['ownerSignature'] === undefined) {
    const device = deviceSigned(devices, act.device);
    if (!device.ok) return refuse(c, device.error);
    return answerAct(c, { ...signed, devices: [device.value] }, unchanged);
  }
  const present = await presentOwner(c, act);
  if (!present.ok) return refuse(c, present.error);
  const owner = await ownerSigned(c, act, fields, 'ownerSignature', present.value);
  if (!owner.ok) return refuse(c, owner.error);
  return answerAct(c, { ...signed, owners: [owner.value] }, async (current) => {
    const living = alive(current, act.device);
    return living.ok && living.value.membership.owner !== present.value
      ? notTheOwner(present.value, living.value.membership.owner)
      : living;
  });
});

actRoutes.post('/v1/registry/devices/:device/transfer', async (c) => {
  const opened = await openAct(c, 'transfer', ['ownerSignature', 'newOwnerSignature']);
  if (!opened.ok) return refuse(c, opened.error);
  const { act, fields } = opened.value;
  const from = await ownerSigned(c, act, fields, 'ownerSignature', act.from);
  if (!from.ok) return refuse(c, from.error);
  const to = await ownerSigned(c, act, fields, 'newOwnerSignature', act.to);
  if (!to.ok) return refuse(c, to.error);
  const signed: SignedAct = { act, domain: c.var.config.domain, owners: [from.value, to.value], devices: [] };
  return answerAct(c, signed, async (current) => {
    const living = alive(current, act.device);
    if (!living.ok) return living;
    const { cell, membership } = living.value;
    if (membership.owner !== act.from) return notTheOwner(act.from, membership.owner);
    return ok({ cell, membership: { ...membership, owner: act.to } });
  });
});

actRoutes.post('/v1/registry/devices/:device/rotate', async (c) => {
  const opened = await openAct(c, 'rotate', ['ownerSignature']);
  if (!opened.ok) return refuse(c, opened.error);
  const { act, fields, devices } = opened.value;
  const key = checkKey(act.successor);
  if (!key.ok) return refuse(c, key.error);
  const successor = deviceSigned(devices, act.successor);
  if (!successor.ok) return refuse(c, successor.error);
  const base: SignedAct = { act, domain: c.var.config.domain, owners: [], devices: [successor.value] };
  let signed = base;
  if (fields['ownerSignature'] === undefined) {
    const old = deviceSigned(devices, act.device);
    if (!old.ok) return refuse(c, old.error);
    signed = { ...base, devices: [successor.value, old.value] };
  } else {
    const present = await presentOwner(c, act);
    if (!present.ok) return refuse(c, present.error);
    const owner = await ownerSigned(c, act, fields, 'ownerSignature', present.value);
    if (!owner.ok) return refuse(c, owner.error);
    signed = { ...base, owners: [owner.value] };
  }
  return answerAct(c, signed, async (current) => {
    const living = alive(current, act.device);
    if (!living.ok) return living;
    const { cell, membership } = living.value;
    const [owner] = signed.owners;
    if (owner !== undefined && owner.address !== membership.owner) return notTheOwner(owner.address, membership.owner);
    if ((await readDevice(c.env.DB, act.successor)) !== null)
      return err({ reason: 'already-claimed', device: act.successor });
    const admitted = await callRegion(c.env.REGION, cell, (region) =>
      region.admitSuccession(act.device, owner === undefined),
    );
    if (!admitted.ok) return admitted;
    // A tier above 0 was granted to a key, for evidence about that key.
    return ok({ cell, membership: { ...membership, device: act.successor, tier: 0 } });
  });
});

actRoutes.post('/v1/registry/devices/:device/retire', async (c) => {
  const opened = await openAct(c, 'retire', ['ownerSignature']);
  if (!opened.ok) return refuse(c, opened.error);
  const { act, fields } = opened.value;
  const present = await presentOwner(c, act);
  if (!present.ok) return refuse(c, present.error);
  const owner = await ownerSigned(c, act, fields, 'ownerSignature', present.value);
  if (!owner.ok) return refuse(c, owner.error);
  const signed: SignedAct = { act, domain: c.var.config.domain, owners: [owner.value], devices: [] };
  return answerAct(c, signed, async (current) => {
    const living = alive(current, act.device);
    if (!living.ok) return living;
    const { cell, membership } = living.value;
    if (membership.owner !== present.value) return notTheOwner(present.value, membership.owner);
    return ok({ cell, membership: { ...membership, status: 'retired' } });
  });
});

function alive(current: Registration | null, device: string): Result<Registration, RegistryRefusal> {
  if (current === null) return err({ reason: 'no-such', kind: 'device', given: device });
  return current.membership.status === 'retired' ? err({ reason: 'retired-device', device }) : ok(current);
}

function notTheOwner(signer: string, owner: string): Result<never, RegistryRefusal> {
  return err({ reason: 'not-the-owner', signer, owner });
}
