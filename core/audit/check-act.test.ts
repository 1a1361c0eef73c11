import { beforeAll, expect, test } from 'vitest';
import {
  ACT_TOOLS,
  claimOf,
  makeAct,
  newKey,
  newOwner,
  nowSeconds,
  type Owner,
  placedAt,
  positionAt,
  signAct,
  signRequest,
} from '../../test/support/lifecycle.ts';
import { parseOwnerAddress, type PlaceCell, type RegionCell } from '../ids.ts';
import { actPath, type Act } from '../lifecycle/act.ts';
import { actFields } from '../lifecycle/parse-act.ts';
import { parseOwnerSignature, type SignedAct } from '../lifecycle/signed-act.ts';
import { decodeEntry, encodeEntryBody } from '../region/codec.ts';
import type { EntryBody, MaintenanceBody, MembershipBody } from '../region/entry.ts';
import { encodeEvidence } from '../signature/evidence.ts';
import { parseSignedRequest } from '../signature/signed-request.ts';
import { evidenceOf } from '../signature/verify.ts';
import { checkAct, isAttested, type Attested, type Standing } from './check-act.ts';

const DOMAIN = { chainId: 10, contract: `0x${'ab'.repeat(20)}` } as const;
const TOOLS = { ...ACT_TOOLS, domain: DOMAIN };
function centerOf(place: PlaceCell) {
  const center = TOOLS.centerOf(place);
  if (center === null) throw new Error(`${place} is no cell`);
  return center;
}
type SigningKey = Awaited<ReturnType<typeof newKey>>;
const API = 'https://isobar.test';
const HERE = positionAt(40.4168, -3.7038);
const THERE = positionAt(52.52, 13.405);

let key: SigningKey;
let owner: Owner;
let buyer: Owner;
let claimed: MembershipBody;
let cell: RegionCell;

async function requestBy(
  signer: SigningKey,
  act: Act,
  { path = actPath(act), api = API } = {},
): Promise<SignedAct['devices'][number]> {
  const url = api + path;
  const body = new TextEncoder().encode(JSON.stringify({ act: actFields(act) }));
  const headers = await signRequest(url, body, [signer], nowSeconds());
  const { host, pathname } = new URL(url);
  const request = parseSignedRequest({
    authority: host,
    path: pathname,
    contentType: 'application/json',
    contentDigest: headers['content-digest'],
    previousDigest: null,
    signatureInput: headers['signature-input'],
    signature: headers.signature,
  });
  if (!request.ok) throw new Error(JSON.stringify(request.error));
  return { device: signer.did, evidence: encodeEvidence(evidenceOf(request.value, null, body)) };
}

async function sign(act: Act, owners: readonly Owner[], keys: readonly SigningKey[]): Promise<SignedAct> {
  const signatures = owners.map(async (one) => {
    const signature = parseOwnerSignature(await signAct(one, act, DOMAIN));
    const address = parseOwnerAddress(one.address);
    if (!signature.ok || !address.ok) throw new Error('no signature');
    return { address: address.value, signature: signature.value };
  });
  const devices = await Promise.all(keys.map((signer) => requestBy(signer, act)));
  return { act, domain: DOMAIN, owners: await Promise.all(signatures), devices };
}

const addressOf = (one: Owner) => {
  const address = parseOwnerAddress(one.address);
  if (!address.ok) throw new Error('no address');
  return address.value;
};

/** As an auditor gets it: read back from the bytes of the log. */
async function check(entry: EntryBody, before: Standing, region = cell) {
  const read = decodeEntry({ seq: 9, receivedMs: 0, kind: entry.kind, body: encodeEntryBody(entry) });
  if (!read.ok || !isAttested(read.value)) throw new Error('no entry');
  const attested: Attested = { entry: read.value, before };
  return checkAct(attested, region, TOOLS);
}
const standing = (membership: MembershipBody): Standing => ({ membership, formerKey: null });
const refusal = (reason: string, field?: string) => ({
  ok: false,
  error: { reason, at: { seq: 9, ...(field === undefined ? {} : { field }) } },
});

beforeAll(async () => {
  [key, owner, buyer] = [await newKey(), newOwner(), newOwner()];
  const act = claimOf(key, owner, HERE);
  cell = act.region;
  claimed = {
    kind: 'membership',
    version: 1,
    device: key.did,
    status: 'active',
    owner: addressOf(owner),
    displayName: act.name,
    place: act.place,
    ...centerOf(act.place),
    elevationM: null,
    tier: 0,
    density: act.place,
    claimedMs: nowSeconds() * 1000,
    act: await sign(act, [owner], [key]),
  };
});

test('a claim that owner and device have signed stands; without an act it is the word of the operator', async () => {
  expect(await check(claimed, null)).toEqual({ ok: true, value: 'signed' });
  const { act: _act, ...word } = claimed;
  expect(await check(word, null)).toEqual({ ok: true, value: 'word' });
});

test('a name that looks like an address is the name that was signed, letter for letter', async () => {
  const displayName = '0xAbCdEf0123456789aBcDeF0123456789ABCDEF01';
  const act = claimOf(key, owner, HERE, { name: displayName });
  const named = { ...claimed, displayName, act: await sign(act, [owner], [key]) };
  expect(await check(named, null)).toEqual({ ok: true, value: 'signed' });
  const lowered = { ...named, displayName: displayName.toLowerCase() };
  expect(await check(lowered, null)).toMatchObject(refusal('act', 'displayName'));
});

test('an owner, place, name, tier, centre or density cell that nobody has signed is found', async () => {
  const forged: readonly (readonly [string, Partial<MembershipBody>])[] = [
    ['owner', { owner: addressOf(buyer) }],
    ['place', { place: placedAt(THERE).place }],
    ['displayName', { displayName: 'Cellar' }],
    ['tier', { tier: 2 }],
    ['latitudeE5', { latitudeE5: 0 }],
    ['density', { density: placedAt(THERE).place }],
    ['version', { version: 2 }],
    ['status', { status: 'quarantined' }],
    ['claimedMs', { claimedMs: claimed.claimedMs - 620_000 }],
    ['claimedMs', { claimedMs: claimed.claimedMs + 87_020_000 }],
  ];
  for (const [field, change] of forged)
    expect(await check({ ...claimed, ...change }, null)).toMatchObject(refusal('act', field));
  expect(await check(claimed, null, placedAt(THERE).region)).toMatchObject(refusal('act', 'act'));
  expect(await check(claimed, standing(claimed))).toMatchObject(refusal('act', 'act'));
});

test('an act that is changed together with its entry is found by its signatures', async () => {
  const signed = claimed.act;
  if (signed?.act.kind !== 'claim') throw new Error('a claim');
  const act = { ...signed.act, name: 'Cellar' };
  expect(await check({ ...claimed, displayName: 'Cellar', act: { ...signed, act } }, null)).toMatchObject(
    refusal('act-signature'),
  );
  // The owner signs the forgery; the device never did.
  const { owners } = await sign(act, [owner], []);
  const half = { ...signed, act, owners };
  expect(await check({ ...claimed, displayName: 'Cellar', act: half }, null)).toMatchObject(refusal('act-signature'));
  expect(await check({ ...claimed, act: { ...signed, devices: [] } }, null)).toMatchObject(refusal('act-signature'));
  expect(await check({ ...claimed, act: { ...signed, owners: [] } }, null)).toMatchObject(refusal('act-signature'));
  const elsewhere = { ...signed, domain: { ...DOMAIN, chainId: 1 } };
  expect(await check({ ...claimed, act: elsewhere }, null)).toMatchObject(refusal('act', 'domain'));
});

test('a transfer goes from the owner before to the one who has signed, and changes nothing else', async () => {
  const act = makeAct('transfer', { device: key.did, from: owner.address, to: buyer.address });
  const moved = { ...claimed, version: 2, owner: addressOf(buyer), act: await sign(act, [owner, buyer], []) };
  expect((await check(moved, standing(claimed))).ok).toBe(true);
  expect(await check({ ...moved, tier: 1 }, standing(claimed))).toMatchObject(refusal('act', 'tier'));
  expect(await check(moved, standing({ ...claimed, owner: addressOf(newOwner()) }))).toMatchObject(
    refusal('act', 'act'),
  );
  const alone = { ...moved, act: await sign(act, [buyer], []) };
  expect(await check(alone, standing(claimed))).toMatchObject(refusal('act-signature'));
});

test('a relocation retires in the region that is left and stands in the one that is entered', async () => {
  const at = placedAt(THERE);
  const act = makeAct('relocate', { device: key.did, owner: owner.address, ...at });
  const signed = await sign(act, [owner], []);
  const left: MembershipBody = { ...claimed, version: 2, status: 'retired', act: signed };
  expect((await check(left, standing(claimed))).ok).toBe(true);
  expect(await check({ ...left, status: 'active' }, standing(claimed))).toMatchObject(refusal('act', 'status'));
  const came = { ...claimed, version: 3, place: at.place, density: at.place, ...centerOf(at.place), act: signed };
  expect(await check(came, null, at.region)).toEqual({ ok: true, value: 'arrived' });
  expect(await check(came, standing({ ...came, status: 'retired' }), at.region)).toMatchObject({ value: 'arrived' });
  const near = makeAct('relocate', { device: key.did, owner: owner.address, ...placedAt(HERE) });
  const stayed = { ...claimed, version: 2, act: await sign(near, [owner], []) };
  expect(await check(stayed, standing(claimed))).toEqual({ ok: true, value: 'signed' });
  expect(await check({ ...came, owner: addressOf(buyer) }, null, at.region)).toMatchObject(refusal('act', 'owner'));
  expect(await check({ ...came, density: claimed.density }, null, at.region)).toMatchObject(refusal('act', 'density'));
});

test('a rotation is signed by the successor, and by the old key or the owner', async () => {
  const successor = await newKey('ecdsa-p256-sha256');
  const act = makeAct('rotate', { device: key.did, successor: successor.did });
  const before: Standing = {
    membership: { ...claimed, device: successor.did, version: 0, tier: 2 },
    formerKey: key.did,
  };
  const by = async (owners: readonly Owner[], keys: readonly SigningKey[], tier: 0 | 2 = 0) =>
    check({ ...claimed, device: successor.did, version: 1, tier, act: await sign(act, owners, keys) }, before);
  expect((await by([], [successor, key])).ok).toBe(true);
  expect((await by([owner], [successor])).ok).toBe(true);
  const [first] = (await sign(act, [], [successor, key])).devices;
  const elsewhere = await requestBy(key, act, { api: 'https://other.test' });
  if (first === undefined) throw new Error('no signature');
  const twoHosts = { ...(await sign(act, [], [])), devices: [first, elsewhere] };
  expect(await check({ ...claimed, device: successor.did, act: twoHosts }, before)).toMatchObject(
    refusal('act-signature'),
  );
  expect(await by([], [successor])).toMatchObject(refusal('act-signature'));
  expect(await by([owner], [key])).toMatchObject(refusal('act-signature'));
  expect(await by([buyer], [successor])).toMatchObject(refusal('act-signature'));
  // A tier was granted to a key.
  expect(await by([], [successor, key], 2)).toMatchObject(refusal('act', 'tier'));
});

test('a device signs for the address of its act, escaped or not', async () => {
  const act = makeAct('maintenance', { device: key.did, from: 1000, until: 2000 });
  const window: MaintenanceBody = { kind: 'maintenance', device: key.did, fromMs: 1_000_000, untilMs: 2_000_000 };
  const at = async (path: string) => {
    const signed = { act, domain: DOMAIN, owners: [], devices: [await requestBy(key, act, { path })] };
    return (await check({ ...window, act: signed }, standing(claimed))).ok;
  };
  expect(await at(actPath(act).replaceAll(':', '%3A'))).toBe(true);
  expect(await at(actPath({ ...act, kind: 'retire' }))).toBe(false);
});

test('a history goes on under the key that has signed for it; without the act it is the word of the operator', async () => {
  const [successor, thief] = [await newKey(), await newKey()];
  const act = makeAct('rotate', { device: key.did, successor: successor.did });
  const turn = { kind: 'inherit', device: successor.did, from: key.did, reputation: null } as const;
  const before = standing(claimed);
  expect(await check(turn, before)).toEqual({ ok: true, value: 'word' });
  const byKeys = await sign(act, [], [successor, key]);
  expect(await check({ ...turn, act: byKeys }, before)).toEqual({ ok: true, value: 'signed' });
  expect(await check({ ...turn, act: await sign(act, [owner], [successor]) }, before)).toMatchObject({ ok: true });
  const stolen = { ...turn, device: thief.did };
  expect(await check({ ...stolen, act: byKeys }, before)).toMatchObject(refusal('act', 'device'));
  expect(await check({ ...turn, from: thief.did, act: byKeys }, null)).toMatchObject(refusal('act', 'from'));
  const toThief = makeAct('rotate', { device: key.did, successor: thief.did });
  for (const owners of [[], [buyer]])
    expect(await check({ ...stolen, act: await sign(toThief, owners, [thief]) }, before)).toMatchObject(
      refusal('act-signature'),
    );
  const otherKind = claimed.act;
  expect(await check({ ...turn, ...(otherKind && { act: otherKind }) }, before)).toMatchObject(refusal('act', 'act'));
});

test('a key that was changed elsewhere, after a sale there, stands as arrived: the other log says who had to sign', async () => {
  const successor = await newKey();
  const act = makeAct('rotate', { device: key.did, successor: successor.did });
  const turn = { kind: 'inherit', device: successor.did, from: key.did, reputation: null } as const;
  const left = standing({ ...claimed, version: 2, status: 'retired' });
  const byBuyer = { ...turn, act: await sign(act, [buyer], [successor]) };
  expect(await check(byBuyer, left)).toEqual({ ok: true, value: 'arrived' });
  expect(await check(byBuyer, standing(claimed))).toMatchObject(refusal('act-signature'));
  const byNobody = { ...turn, act: await sign(act, [], [successor]) };
  expect(await check(byNobody, left)).toMatchObject(refusal('act-signature'));
});

test('maintenance is signed by device or owner, and logged as signed', async () => {
  const act = makeAct('maintenance', { device: key.did, from: 1000, until: 2000 });
  const window: MaintenanceBody = { kind: 'maintenance', device: key.did, fromMs: 1_000_000, untilMs: 2_000_000 };
  const byDevice = { ...window, act: await sign(act, [], [key]) };
  expect((await check(byDevice, standing(claimed))).ok).toBe(true);
  expect((await check({ ...window, act: await sign(act, [owner], []) }, standing(claimed))).ok).toBe(true);
  expect(await check({ ...window, act: await sign(act, [buyer], []) }, standing(claimed))).toMatchObject(
    refusal('act-signature'),
  );
  expect(await check({ ...byDevice, untilMs: 3_000_000 }, standing(claimed))).toMatchObject(refusal('act', 'untilMs'));
});

test('anything in the place of an act is found, never an exception', async () => {
  for (const act of [null, 1, [], {}, { act: {} }, { ...claimed.act, owners: [{}] }, { ...claimed.act, domain: {} }])
    expect(await check({ ...claimed, act: act as unknown as SignedAct }, null)).toMatchObject(refusal('act'));
});
