/** The life of a device, asked through the generated client: every route of the registry with success, and what comes before it. */
import { expect } from 'vitest';
import { actPath, CLAIMS_PATH, type Act } from '../../../core/lifecycle/act.ts';
import type { ActDomain } from '../../../core/lifecycle/typed-data.ts';
import { regionBoundary } from '../../../scripts/place.ts';
import {
  claimOf,
  makeAct,
  newKey,
  newOwner,
  nowSeconds,
  placedAt,
  positionAt,
  requestOf,
  type Send,
  signAct,
  signGet,
} from '../../support/lifecycle.ts';
import type { Session } from './ask-paid.ts';

/** The generated client escapes what stands in a path; a signature covers the path as it is sent. */
const asSent = (path: string): string => path.replaceAll(':', '%3A');

export async function askRegistry({ api, ask }: Session, domain: ActDomain, adminToken: string): Promise<void> {
  const here = positionAt(-1.29, 36.82, 166_100);
  const [key, successor] = [await newKey(), await newKey('ecdsa-p256-sha256')];
  const [owner, buyer] = [newOwner(), newOwner()];
  const { region: cell } = placedAt(here);
  const name = { name: cell, boundary: regionBoundary(cell) };
  expect(await ask('putRegion', { auth: adminToken, path: { cell }, body: name })).toMatchObject({ status: 200 });
  const send = async (operation: string, act: Act, how: Send) => {
    const { headers, body } = await requestOf(api, act, { path: asSent(actPath(act)), ...how });
    const path = operation === 'postClaim' ? {} : { path: { device: act.device } };
    return ask(operation, { ...path, headers, body, bodySerializer: null });
  };

  const claim = claimOf(key, owner, here);
  const ownerSignature = await signAct(owner, claim, domain);
  expect(await send('postClaim', claim, { members: { ownerSignature } })).toMatchObject({
    status: 401,
    error: { code: 'device-signature-missing' },
  });
  const half = { method: 'PUT', members: { ownerSignature, position: here } } as const;
  expect(await send('putClaim', claim, half)).toMatchObject({ status: 202, data: { device: key.did } });
  const path = { device: key.did };
  const headers = await signGet(api + asSent(`${CLAIMS_PATH}/${key.did}`), key);
  expect(await ask('getClaim', { path, headers, query: { code: claim.code } })).toMatchObject({
    status: 200,
    data: { ownerSignature, position: here },
  });
  const claimed = { members: { ownerSignature }, devices: [key] };
  expect(await send('postClaim', claim, claimed)).toMatchObject({ status: 201, data: { version: 1, region: cell } });
  expect(await send('postClaim', claim, claimed)).toMatchObject({ status: 200, data: { version: 1 } });

  const there = positionAt(-1.35, 36.9);
  const move = makeAct('relocate', { device: key.did, owner: owner.address, ...placedAt(there) });
  const moved = { members: { ownerSignature: await signAct(owner, move, domain), position: there } };
  expect(await send('postRelocate', move, moved)).toMatchObject({ status: 201, data: { place: move.place } });
  const window = makeAct('maintenance', { device: key.did, from: nowSeconds(), until: nowSeconds() + 60 });
  expect(await send('postMaintenanceAct', window, { devices: [key] })).toMatchObject({ status: 201 });
  const transfer = makeAct('transfer', { device: key.did, from: owner.address, to: buyer.address });
  const byBoth = {
    ownerSignature: await signAct(owner, transfer, domain),
    newOwnerSignature: await signAct(buyer, transfer, domain),
  };
  expect(await send('postTransfer', transfer, { members: byBoth })).toMatchObject({
    status: 201,
    data: { version: 3 },
  });
  const rotation = makeAct('rotate', { device: key.did, successor: successor.did });
  expect(await send('postRotate', rotation, { devices: [successor, key] })).toMatchObject({
    status: 201,
    data: { device: successor.did, version: 1 },
  });
  expect(await ask('getDevice', { path: { device: successor.did } })).toMatchObject({
    status: 200,
    data: { predecessor: key.did, tier: 0 },
  });
  const end = makeAct('retire', { device: successor.did });
  const byBuyer = { members: { ownerSignature: await signAct(buyer, end, domain) } };
  expect(await send('postRetire', end, byBuyer)).toMatchObject({ status: 201, data: { status: 'retired' } });
  expect(await ask('getEvents', { path: { device: successor.did } })).toMatchObject({
    status: 200,
    data: { events: [{ kind: 'retire' }, { kind: 'rotate' }] },
  });
}
