/** The life of a device over real HTTP, on the real Workers: claim, move, owners, keys, end; and what is refused. */
import { ed25519 } from '@noble/curves/ed25519.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEVICES_PATH } from '../../core/lifecycle/act.ts';
import type { ExactPosition } from '../../core/lifecycle/position.ts';
import type { ActDomain } from '../../core/lifecycle/typed-data.ts';
import { toDidKey } from '../../core/signature/did-key.ts';
import type { EventsAnswer, RegistryAnswer, WaitingAnswer } from '../../schema/api/registry.ts';
import { createAdminClient, orRefuse } from '../../scripts/admin-client.ts';
import { publicPlaceOf, regionBoundary } from '../../scripts/place.ts';
import type { SigningKey } from '../../sensors/client/key.ts';
import { writePack } from '../../sensors/client/senml.ts';
import { SENML_JSON, signUpload } from '../../sensors/client/sign.ts';
import { createJudge } from '../support/api-judge.ts';
import { BERLIN, MADRID } from '../support/field.ts';
import {
  claimOf,
  makeAct,
  newKey,
  newOwner,
  nowSeconds,
  type Owner,
  placedAt,
  positionAt,
  sendAct,
  signAct,
  signedGet,
} from '../support/lifecycle.ts';
import { type LocalRuntime, startLocalRuntime } from '../support/local-runtime.ts';

let network: LocalRuntime;
let domain: ActDomain;
const judge = createJudge();
const HERE = positionAt(MADRID.latitude, MADRID.longitude, 66_120);

beforeAll(async () => {
  network = await startLocalRuntime();
  domain = { chainId: 10, contract: `0x${'01'.repeat(20)}` };
  const admin = createAdminClient(network.api, network.adminToken);
  for (const site of [MADRID, BERLIN]) {
    const { cell } = publicPlaceOf(site);
    orRefuse(await admin.putRegion(cell, { name: cell, boundary: regionBoundary(cell) }));
  }
});
afterAll(() => network?.stop());

const send = (...[act, how]: [Parameters<typeof sendAct>[1], Parameters<typeof sendAct>[2]]) =>
  sendAct(network.api, act, how, judge.fetch);
const refusalOf = async (response: Response) => [response.status, (await response.json<{ code?: string }>()).code];

type Claimed = { readonly key: SigningKey; readonly owner: Owner; readonly answer: RegistryAnswer };

async function claim(position: ExactPosition = HERE, key?: SigningKey): Promise<Claimed> {
  const own = key ?? (await newKey());
  const owner = newOwner();
  const act = claimOf(own, owner, position);
  const response = await send(act, {
    members: { ownerSignature: await signAct(owner, act, domain) },
    devices: [own],
    headers: { 'isobar-position': JSON.stringify(position) },
  });
  const answer = await response.json<RegistryAnswer>();
  if (response.status !== 201) throw new Error(JSON.stringify(answer));
  return { key: own, owner, answer };
}

async function post(key: SigningKey, url: string, nonce: number) {
  const body = new TextEncoder().encode(
    writePack(key.did, [{ quantity: 'temp', unit: 'Cel', value: 21.4, measuredMs: (nowSeconds() - 5) * 1000 }]),
  );
  const upload = { url, contentType: SENML_JSON, body, createdSeconds: nowSeconds() };
  const headers = await signUpload(key, { ...upload, nonce: nonce.toString(16).padStart(16, '0') });
  const response = await fetch(url, { method: 'POST', body, headers: { ...headers } });
  return { status: response.status, ...(await response.json<{ code?: string }>()) };
}

test('a device lives: claim, reading, move, new owner, maintenance, new key, end', async () => {
  const { key, owner, answer } = await claim();
  const { cell, place } = publicPlaceOf(MADRID);
  expect(answer).toMatchObject({
    device: key.did,
    version: 1,
    status: 'active',
    region: cell,
    place,
    density: place,
    elevationM: 660,
    tier: 0,
    owner: owner.address.toLowerCase(),
  });
  expect(await post(key, answer.ingestUrl, 1)).toMatchObject({ status: 201 });

  const there = positionAt(BERLIN.latitude, BERLIN.longitude);
  const move = makeAct('relocate', { device: key.did, owner: owner.address, ...placedAt(there) });
  const how = { members: { ownerSignature: await signAct(owner, move, domain), position: there } };
  const moved = await send(move, how);
  const inBerlin = await moved.json<RegistryAnswer>();
  expect([moved.status, inBerlin]).toMatchObject([201, { version: 3, region: publicPlaceOf(BERLIN).cell }]);
  const again = await send(move, how);
  expect([again.status, await again.json()]).toEqual([200, inBerlin]);
  expect(await post(key, answer.ingestUrl, 2)).toMatchObject({ status: 403, code: 'retired-device' });
  expect(await post(key, inBerlin.ingestUrl, 2)).toMatchObject({ status: 201 });

  const buyer = newOwner();
  const transfer = makeAct('transfer', { device: key.did, from: owner.address, to: buyer.address });
  const ownerSignature = await signAct(owner, transfer, domain);
  const newOwnerSignature = await signAct(buyer, transfer, domain);
  const given = await send(transfer, { members: { ownerSignature, newOwnerSignature } });
  expect([given.status, await given.json()]).toMatchObject([201, { version: 4, owner: buyer.address.toLowerCase() }]);

  const window = { device: key.did, from: nowSeconds(), until: nowSeconds() + 60 };
  const byDevice = await send(makeAct('maintenance', window), { devices: [key] });
  expect([byDevice.status, await byDevice.json()]).toMatchObject([201, { version: 4 }]);
  const later = makeAct('maintenance', { ...window, until: window.until + 5 });
  const byOwner = await send(later, { members: { ownerSignature: await signAct(buyer, later, domain) } });
  expect(byOwner.status).toBe(201);

  const successor = await newKey('ecdsa-p256-sha256');
  const rotation = makeAct('rotate', { device: key.did, successor: successor.did });
  const rotated = await send(rotation, { devices: [successor, key] });
  const heir = await rotated.json<RegistryAnswer>();
  expect([rotated.status, heir]).toMatchObject([
    201,
    { device: successor.did, version: 1, owner: buyer.address.toLowerCase(), place: inBerlin.place },
  ]);
  expect(await post(successor, heir.ingestUrl, 1)).toMatchObject({ status: 201 });
  expect((await post(key, inBerlin.ingestUrl, 3)).status).toBe(403);

  const end = makeAct('retire', { device: successor.did });
  const retired = await send(end, { members: { ownerSignature: await signAct(buyer, end, domain) } });
  expect([retired.status, await retired.json()]).toMatchObject([201, { status: 'retired', version: 2 }]);
  expect((await post(successor, heir.ingestUrl, 2)).status).toBe(403);
  const response = await judge.fetch(`${network.api}${DEVICES_PATH}/${successor.did}/events`);
  const { events } = await response.json<EventsAnswer>();
  expect(events.map(({ kind }) => kind)).toEqual(['retire', 'rotate']);
  const before = await (await judge.fetch(`${network.api}${DEVICES_PATH}/${key.did}/events`)).text();
  expect((JSON.parse(before) as EventsAnswer).events.map(({ kind }) => kind)).toEqual([
    'rotate',
    'maintenance',
    'maintenance',
    'transfer',
    'relocate',
    'claim',
  ]);
  // Neither as JSON nor inside of the evidence, which holds the claim's request as it was posted.
  for (const secret of [HERE.salt, String(HERE.latitudeE7), there.salt]) {
    expect(before).not.toContain(secret);
    for (const { devices } of (JSON.parse(before) as EventsAnswer).events)
      for (const { evidence } of devices)
        expect(Buffer.from(evidence, 'base64').toString('latin1')).not.toContain(secret);
  }
});

test("the owner's half waits for the device that knows its code", async () => {
  const [key, owner] = [await newKey(), newOwner()];
  const url = `${network.api}/v1/registry/claims/${key.did}`;
  expect(await refusalOf(await signedGet(url, key, judge.fetch))).toEqual([404, 'no-waiting-claim']);
  const act = claimOf(key, owner, HERE);
  const ownerSignature = await signAct(owner, act, domain);
  const put = { method: 'PUT', path: `/v1/registry/claims/${key.did}` } as const;
  expect((await send(act, { ...put, members: { ownerSignature, position: HERE } })).status).toBe(202);
  const thief = newOwner();
  const other = claimOf(key, thief, HERE);
  const theirs = { ownerSignature: await signAct(thief, other, domain), position: HERE };
  expect((await send(other, { ...put, members: theirs })).status).toBe(202);

  expect(await refusalOf(await signedGet(url, await newKey(), judge.fetch))).toEqual([401, 'signature-invalid']);
  const half = await (await signedGet(`${url}?code=${act.code}`, key, judge.fetch)).json<WaitingAnswer>();
  expect(half).toMatchObject({ ownerSignature, position: HERE, act: { owner: act.owner } });
  // The position is there already.
  const done = await send(act, { members: { ownerSignature: half.ownerSignature }, devices: [key] });
  expect([done.status, await done.json()]).toMatchObject([201, { owner: owner.address.toLowerCase() }]);
  expect(await refusalOf(await signedGet(url, key, judge.fetch))).toEqual([404, 'no-waiting-claim']);
  expect(await refusalOf(await send(other, { ...put, members: theirs }))).toEqual([409, 'already-claimed']);
});

test('a half that nobody comes for is forgotten after a day, and its position with it', async () => {
  const [key, owner] = [await newKey(), newOwner()];
  const act = claimOf(key, owner, HERE);
  const members = { ownerSignature: await signAct(owner, act, domain), position: HERE };
  const put = { method: 'PUT', path: `/v1/registry/claims/${key.did}` } as const;
  expect((await send(act, { ...put, members })).status).toBe(202);
  const db = await network.runtime.database();
  const kept = async () => {
    await network.runtime.cronTick('isobar-registry');
    const { results } = await db.prepare('SELECT code FROM waiting_claim WHERE device = ?').bind(key.did).all();
    return results.length;
  };
  expect(await kept()).toBe(1);
  await db
    .prepare('UPDATE waiting_claim SET received_ms = received_ms - 86460000 WHERE device = ?')
    .bind(key.did)
    .run();
  expect(await kept()).toBe(0);
});

test('a claim is taken once, and of two at once one is', async () => {
  const key = await newKey();
  const owners = [newOwner(), newOwner()];
  const responses = await Promise.all(
    owners.map(async (owner) => {
      const act = claimOf(key, owner, HERE);
      return send(act, {
        members: { ownerSignature: await signAct(owner, act, domain) },
        devices: [key],
        headers: { 'isobar-position': JSON.stringify(HERE) },
      });
    }),
  );
  expect(responses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409]);
});

test('the density cell is the public place, whoever stands near, all at once or one by one', async () => {
  const at = (north: number) => positionAt(40.3 + north / 111_195, -3.9);
  const first = await claim(at(0));
  const others = await Promise.all([450, -480, 900, -900, 3_000].map((north) => claim(at(north))));
  for (const { answer } of [first, ...others]) expect(answer.density).toBe(answer.place);
  expect(new Set(others.map(({ answer }) => answer.density)).size).toBeGreaterThan(1);
});

type Wrongly = {
  readonly by?: Owner;
  readonly devices?: readonly SigningKey[];
  readonly position?: ExactPosition | null;
  readonly members?: Readonly<Record<string, unknown>>;
};

test('what is signed by the wrong one, of another time or place, is refused with its code', async () => {
  const key = await newKey();
  const owner = newOwner();
  const stranger = newOwner();
  const send1 = async (
    act = claimOf(key, owner, HERE),
    { by = owner, devices = [key], position = HERE, members = {} }: Wrongly = {},
  ) =>
    refusalOf(
      await send(act, {
        members: { ownerSignature: await signAct(by, act, domain), ...members },
        devices,
        ...(position === null ? {} : { headers: { 'isobar-position': JSON.stringify(position) } }),
      }),
    );
  const change = (fields: Readonly<Record<string, unknown>>) => claimOf(key, owner, HERE, fields);
  expect(await send1(change({}), { by: stranger })).toEqual([401, 'wrong-owner-signature']);
  expect(await send1(change({}), { devices: [] })).toEqual([401, 'device-signature-missing']);
  expect(await send1(change({}), { devices: [await newKey()] })).toEqual([401, 'device-signature-missing']);
  expect(await send1(change({}), { position: null })).toEqual([400, 'position-missing']);
  expect(await send1(change({}), { position: { ...HERE, elevationCm: 1 } })).toEqual([422, 'wrong-position']);
  expect(await send1(change({}), { members: { position: HERE } })).toEqual([400, 'bad-field']);
  const berlin = placedAt(positionAt(BERLIN.latitude, BERLIN.longitude));
  expect(await send1(change({ place: berlin.place }))).toEqual([422, 'wrong-place']);
  expect(await send1(change({ region: berlin.region }))).toEqual([422, 'wrong-place']);
  expect(await send1(change({ issuedAt: nowSeconds() - 700 }))).toEqual([401, 'act-clock']);
  const oslo = positionAt(59.91, 10.75);
  expect(await send1(claimOf(key, owner, oslo), { position: oslo })).toEqual([409, 'region-not-open']);
  const act = change({});
  const late = { members: { ownerSignature: await signAct(owner, act, domain) }, devices: [key], createdSeconds: 1 };
  expect(await refusalOf(await send(act, late))).toEqual([401, 'clock-skew']);
  const otherChain = { ownerSignature: await signAct(owner, act, { ...domain, chainId: 1 }) };
  expect(await refusalOf(await send(act, { members: otherChain, devices: [key] }))).toEqual([
    401,
    'wrong-owner-signature',
  ]);

  // A point of small order: anyone can sign for it.
  const publicKey = ed25519.Point.ZERO.toBytes();
  const weak = claimOf(key, owner, HERE, { device: toDidKey({ algorithm: 'ed25519', publicKey }) });
  expect(await send1(weak)).toEqual([422, 'weak-key']);
});

test('only the owner of now acts, in order, on a device that lives', async () => {
  const { key, owner, answer } = await claim();
  const stranger = newOwner();
  const retire = makeAct('retire', { device: key.did });
  expect(
    await refusalOf(await send(retire, { members: { ownerSignature: await signAct(stranger, retire, domain) } })),
  ).toEqual([401, 'wrong-owner-signature']);
  const move = makeAct('relocate', { device: key.did, owner: stranger.address, ...placedAt(HERE) });
  const ownerSignature = await signAct(stranger, move, domain);
  expect(await refusalOf(await send(move, { members: { ownerSignature, position: HERE } }))).toEqual([
    403,
    'not-the-owner',
  ]);
  const stale = makeAct('retire', { device: key.did, issuedAt: nowSeconds() - 60 });
  expect(
    await refusalOf(await send(stale, { members: { ownerSignature: await signAct(owner, stale, domain) } })),
  ).toEqual([409, 'stale-act']);
  const elsewhere = makeAct('retire', { device: (await newKey()).did });
  expect(
    await refusalOf(await send(elsewhere, { members: { ownerSignature: await signAct(owner, elsewhere, domain) } })),
  ).toEqual([404, 'no-such-device']);
  const rotation = makeAct('rotate', { device: key.did, successor: (await newKey()).did });
  expect(await refusalOf(await send(rotation, { devices: [key] }))).toEqual([401, 'device-signature-missing']);
  const over = makeAct('maintenance', { device: key.did, from: nowSeconds() - 100, until: nowSeconds() - 50 });
  expect(await refusalOf(await send(over, { devices: [key] }))).toEqual([422, 'maintenance-over']);

  // The key is lost: its owner stands in for it.
  const successor = await newKey();
  const lost = makeAct('rotate', { device: key.did, successor: successor.did });
  const byOwner = { members: { ownerSignature: await signAct(owner, lost, domain) }, devices: [successor] };
  expect((await send(lost, byOwner)).status).toBe(201);
  expect((await send(lost, byOwner)).status).toBe(200);
  const dead = makeAct('maintenance', { device: key.did, from: nowSeconds(), until: nowSeconds() + 60 });
  expect(await refusalOf(await send(dead, { devices: [key] }))).toEqual([403, 'retired-device']);
  const back = claimOf(key, owner, HERE);
  const members = { ownerSignature: await signAct(owner, back, domain) };
  const headers = { 'isobar-position': JSON.stringify(HERE) };
  expect(await refusalOf(await send(back, { members, headers, devices: [key] }))).toEqual([409, 'already-claimed']);
  expect(answer.version).toBe(1);
});

test('whoever has stolen a key and dates its succession ahead does not lock the owner out', async () => {
  const { key, owner } = await claim();
  const [theirs, own] = [await newKey(), await newKey()];
  const rotate = async (issuedAt: number, from: SigningKey, to: SigningKey, by?: Owner) => {
    const act = makeAct('rotate', { device: from.did, successor: to.did, issuedAt });
    const how = by === undefined ? { devices: [to, from] } : { devices: [to] };
    const members = by === undefined ? {} : { ownerSignature: await signAct(by, act, domain) };
    return send(act, { ...how, members });
  };
  expect(await refusalOf(await rotate(nowSeconds() + 40, key, theirs))).toEqual([401, 'act-clock']);
  expect((await rotate(nowSeconds() + 25, key, theirs)).status).toBe(201);
  expect((await rotate(nowSeconds(), theirs, own, owner)).status).toBe(201);
  // Nor do the owner's acts free the way for older ones by device keys.
  expect(await refusalOf(await rotate(nowSeconds() - 60, own, await newKey()))).toEqual([409, 'stale-act']);
});

test('an act that was cut off before its region heard of it is finished without its sender, and listed only then', async () => {
  const { key, answer } = await claim();
  expect(await post(key, answer.ingestUrl, 1)).toMatchObject({ status: 201 });
  const db = await network.runtime.database();
  const run = async (text: string) => db.prepare(text).bind(key.did).run();
  await run("UPDATE device SET status = 'retired', version = 2 WHERE device = ?");
  await run('UPDATE registry_act SET told = 0 WHERE device = ?');
  const events = async () => {
    const listed = await judge.fetch(`${network.api}${DEVICES_PATH}/${key.did}/events`);
    return (await listed.json<EventsAnswer>()).events.length;
  };
  // Its request may still be at it.
  await network.runtime.cronTick('isobar-registry');
  expect([await events(), (await post(key, answer.ingestUrl, 2)).status]).toEqual([0, 201]);
  await run('UPDATE registry_act SET received_ms = received_ms - 60000 WHERE device = ?');
  await network.runtime.cronTick('isobar-registry');
  expect([await events(), (await post(key, answer.ingestUrl, 3)).status]).toEqual([1, 403]);
});
