/** Acts of owners and devices: at the registry, in logs of strangers, and in answers to the commands. */
import { ed25519 } from '@noble/curves/ed25519.js';
import { parseDictionary } from 'structured-headers';
import { privateKeyToAccount } from 'viem/accounts';
import { checkAct, type ActTools } from '../../../core/audit/check-act.ts';
import { canonicalJson } from '../../../core/canonical-json.ts';
import type { OwnerAddress } from '../../../core/ids.ts';
import { ACT_KINDS, actPath, type Act } from '../../../core/lifecycle/act.ts';
import { actFields, parseAct } from '../../../core/lifecycle/parse-act.ts';
import {
  commitPosition,
  parsePosition,
  publicElevationM,
  type ExactPosition,
} from '../../../core/lifecycle/position.ts';
import { readSignedAct } from '../../../core/lifecycle/read-signed-act.ts';
import { encodeSignedAct, parseOwnerSignature, type SignedAct } from '../../../core/lifecycle/signed-act.ts';
import { typedDataOf, type ActDomain } from '../../../core/lifecycle/typed-data.ts';
import { decodeEntry, encodeEntryBody } from '../../../core/region/codec.ts';
import type { MaintenanceBody, MembershipBody } from '../../../core/region/entry.ts';
import { ok } from '../../../core/result.ts';
import { toDidKey } from '../../../core/signature/did-key.ts';
import { parseSignature } from '../../../core/signature/fields.ts';
import { pairSignatures } from '../../../core/signature/members.ts';
import { parseSignatureInput, standardParams } from '../../../core/signature/signature-input.ts';
import { decodePlain } from '../../../core/strict-cbor.ts';
import { claimJson, parseClaim } from '../../../scripts/registry/routes.ts';
import { contentDigest, signatureBase } from '../../../sensors/client/sign.ts';
import { openRequest } from '../../../worker/registry/open-request.ts';
import { actHash, recoverOwner } from '../../../worker/registry/owner-signature.ts';
import { centerIfCell, centerOf, publicPlaceOf } from '../../../worker/registry/place.ts';
import { makeAct, placedAt, signAct } from '../../support/lifecycle.ts';
import {
  bytesOf,
  hasByteOrderMark,
  headerOf,
  jsonBytes,
  labelOf,
  must,
  mustBeSame,
  parsedJson,
  parsedObject,
  type Target,
  textOf,
} from '../target.ts';
import { AUTHORITY, CREATED, NONCE, NOW_MS, OWNER, P256, SIGNATURE_FIELD } from './examples.ts';

/** MAX_BODY_BYTES of the registry. */
const BODY_BYTES = 16 * 1024;
const LOG_BYTES = 128 * 1024;
const SECRET = new Uint8Array(32).fill(7);
const DEVICE = toDidKey({ algorithm: 'ed25519', publicKey: ed25519.getPublicKey(SECRET) });
const WALLET = privateKeyToAccount(`0x${'59'.repeat(32)}`);
const ADDRESS = WALLET.address.toLowerCase() as OwnerAddress;
const DOMAIN: ActDomain = { chainId: 10, contract: `0x${'ab'.repeat(20)}` };
const POSITION: ExactPosition = {
  latitudeE7: 404_168_000, longitudeE7: -37_038_000, elevationCm: 66_700, heightCm: 250, salt: '00112233445566778899aabbccddeeff',
}; // prettier-ignore

const CLAIM = makeAct('claim', {
  device: DEVICE, owner: ADDRESS, ...placedAt(POSITION), name: 'Roof, 2', type: 'SDS011', tier: 0, issuedAt: CREATED,
  code: `0x${'07'.repeat(16)}`,
}); // prettier-ignore
const ACTS: readonly Act[] = [
  CLAIM,
  makeAct('relocate', { device: DEVICE, owner: ADDRESS, ...placedAt(POSITION), issuedAt: CREATED }),
  makeAct('maintenance', { device: DEVICE, from: CREATED, until: CREATED + 3600, issuedAt: CREATED }),
  makeAct('transfer', { device: DEVICE, from: ADDRESS, to: OWNER, issuedAt: CREATED }),
  makeAct('rotate', { device: DEVICE, successor: P256, issuedAt: CREATED }),
  makeAct('retire', { device: DEVICE, issuedAt: CREATED }),
];
const OWNER_SIGNATURE = await signAct(WALLET, CLAIM, DOMAIN);
const kept = parseClaim({ act: actFields(CLAIM), ownerSignature: OWNER_SIGNATURE, position: POSITION });
if (kept === null) throw new Error('the example is refused');
export const CLAIM_JSON = claimJson(kept);

const acts: Target = {
  name: 'act',
  form: 'json',
  mostBytes: BODY_BYTES,
  share: 0.5,
  seeds: ACTS.map((act) => jsonBytes(actFields(act))),
  run(input) {
    const given = parsedJson(input);
    const read = ACT_KINDS.map((kind) => parseAct(kind, given));
    const taken = read.flatMap((act) => (act.ok ? [act.value] : []));
    must(taken.length <= 1, 'two acts in one');
    const [act] = taken;
    if (act === undefined) {
      const [first] = read.flatMap((one) => (one.ok ? [] : [one.error]));
      must((first?.pointer.length ?? 0) <= 120, 'a refusal as long as the input');
      return first?.pointer.slice(0, 12) ?? '';
    }
    const again = parseAct(act.kind, JSON.parse(JSON.stringify(actFields(act))));
    must(again.ok && canonicalJson(again.value) === canonicalJson(act), 'what was read is not read again');
    must(/^0x[0-9a-f]{64}$/.test(actHash(typedDataOf(act, DOMAIN))), 'an act that cannot be signed');
    must(new URL(actPath(act), 'https://a').pathname === actPath(act), 'an act without an address');
    return `ok, ${act.kind}`;
  },
};

const positions: Target = {
  name: 'position',
  form: 'json',
  mostBytes: BODY_BYTES,
  seeds: [
    POSITION,
    { ...POSITION, elevationCm: null, heightCm: null },
    { ...POSITION, latitudeE7: 900_000_000, longitudeE7: -1_800_000_000, elevationCm: -499 },
  ].map(jsonBytes),
  run(input) {
    const position = parsePosition(parsedJson(input));
    if (!position.ok) return position.error.pointer.slice(0, 20);
    const { latitudeE7, longitudeE7 } = position.value;
    must(/^0x[0-9a-f]{64}$/.test(commitPosition(position.value)), 'no commitment');
    const elevationM = publicElevationM(position.value);
    must(elevationM === null || (elevationM % 10 === 0 && !Object.is(elevationM, -0)), `elevation ${elevationM}`);
    const place = publicPlaceOf({ latitude: latitudeE7 / 1e7, longitude: longitudeE7 / 1e7 });
    must(place !== null && Math.abs(place.latitudeE5) <= 9_000_000, 'no place on earth');
    return 'ok';
  },
};

const claims: Target = {
  name: 'claim-body',
  form: 'json',
  mostBytes: BODY_BYTES,
  seeds: [jsonBytes(CLAIM_JSON)],
  run(input) {
    const body = parseClaim(parsedJson(input));
    if (body === null) return 'no-claim';
    const again = parseClaim(JSON.parse(JSON.stringify(claimJson(body))));
    must(again !== null && canonicalJson(again) === canonicalJson(body), 'what was read is not read again');
    return 'ok';
  },
};

const ownerSignatures: Target = {
  name: 'owner-signature',
  form: 'text',
  mostBytes: 1024,
  share: 0.02,
  seeds: [OWNER_SIGNATURE, OWNER_SIGNATURE.replace(/..$/, '00'), `0x${'ff'.repeat(65)}`].map(bytesOf),
  async run(input) {
    const text = textOf(input);
    const signature = parseOwnerSignature(text);
    if (!signature.ok) return signature.error.reason;
    must(Buffer.from(signature.value).toString('hex') === text.slice(2).toLowerCase(), 'another signature');
    const owner = await recoverOwner(typedDataOf(CLAIM, DOMAIN), signature.value);
    if (owner === null) return 'nobody';
    must(/^0x[0-9a-f]{40}$/.test(owner), `owner ${owner}`);
    return owner === ADDRESS ? 'ok' : 'somebody';
  },
};

const PARAMS = [DEVICE, P256].map((device) => standardParams(CREATED, device, NONCE));
const ONE = SIGNATURE_FIELD.slice(2);

export const TWO_MEMBERS = `k0=${PARAMS[0]}, k1=${PARAMS[1]}\nk0=${ONE}, k1=${ONE}`;

const members: Target = {
  name: 'signature-members',
  form: 'text',
  mostBytes: 4096,
  seeds: [
    TWO_MEMBERS,
    `k0=${PARAMS[0]};tag="a,b\\"c",k1=${PARAMS[1]}\nk1=${ONE} , k0=${ONE}`,
    `s=${PARAMS[0]}\ns=${ONE}`,
  ].map(bytesOf),
  words: [', ', 'k0=', 'k1=', '\\"', '\\\\', ';tag="', '"', '\t', `k2=${ONE}`],
  run(input) {
    const end = input.indexOf(10);
    const [asked, signed] = [headerOf(input.slice(0, Math.max(end, 0))), headerOf(input.slice(end + 1))];
    const pairs = pairSignatures(asked, signed);
    if (pairs === null) return 'no-pairs';
    const read = pairs.map(({ signatureInput, signature }) => {
      const one = parseSignatureInput(signatureInput);
      return { one, bytes: one.ok ? parseSignature(signature, one.value.label) : one };
    });
    for (const { one, bytes } of read) {
      if (!one.ok) return one.error.reason;
      if (!bytes.ok) return 'no-signature';
    }
    // A library that shares no code with ours finds the same members in the whole fields.
    const [inputs, signatures] = [parseDictionary(asked), parseDictionary(signed)];
    must(inputs.size === pairs.length && signatures.size === pairs.length, 'another number of members');
    for (const { one, bytes } of read) {
      if (!one.ok || !bytes.ok) continue;
      const [items, parameters] = inputs.get(one.value.label) ?? [null, new Map()];
      must(Array.isArray(items) && items.length === one.value.components.length, 'other components');
      must(parameters.get('nonce') === one.value.nonce, 'the parameters of another signature');
      const [value] = signatures.get(one.value.label) ?? [null];
      must(value instanceof ArrayBuffer, 'no bytes');
      if (value instanceof ArrayBuffer && bytes.value instanceof Uint8Array)
        mustBeSame(new Uint8Array(value), bytes.value, 'another signature');
    }
    return `ok, ${pairs.length}`;
  },
};

const URL_OF_CLAIM = `https://${AUTHORITY}${actPath(CLAIM)}`;

/** As `device claim` sends it; signed anew where `signer` is another. */
function requestOf(body: string, contentType = 'application/json') {
  const digest = contentDigest(bytesOf(body));
  const params = standardParams(CREATED, DEVICE, NONCE);
  const base = signatureBase({ url: URL_OF_CLAIM, contentType }, digest, params);
  const signature = Buffer.from(ed25519.sign(bytesOf(base), SECRET)).toString('base64');
  return { contentType, contentDigest: digest, signatureInput: `k0=${params}`, signature: `k0=:${signature}:`, body };
}
const BODY = JSON.stringify({ act: actFields(CLAIM), ownerSignature: OWNER_SIGNATURE });
const REQUEST = requestOf(BODY);

const requests: Target = {
  name: 'registry-request',
  form: 'json',
  mostBytes: BODY_BYTES * 2,
  share: 0.03,
  seeds: [
    REQUEST,
    requestOf('[]'),
    requestOf(BODY, 'Application/JSON ;charset=utf-8'),
    { contentType: 'application/json', body: BODY },
  ].map(jsonBytes),
  async run(input) {
    const given = parsedObject(input);
    if (given === null) return 'no-json';
    const headers = new Headers();
    for (const [name, field] of [
      ['content-type', 'contentType'],
      ['content-digest', 'contentDigest'],
      ['signature-input', 'signatureInput'],
      ['signature', 'signature'],
      ['content-encoding', 'contentEncoding'],
    ] as const)
      // prettier-ignore
      if (typeof given[field] === 'string') headers.set(name, headerOf(bytesOf(given[field])));
    const body = typeof given['body'] === 'string' ? bytesOf(given['body']) : new Uint8Array();
    const request = new Request(URL_OF_CLAIM, { method: 'POST', headers, body: Uint8Array.from(body) });
    const opened = await openRequest(request, new Set([AUTHORITY]), NOW_MS);
    if (!opened.ok) return labelOf(opened);
    for (const { device } of opened.value.devices) must(device === DEVICE, 'a device that has not signed');
    return opened.value.devices.length === 0 ? 'ok, nobody' : 'ok';
  },
};

/** Whoever writes a log has keys of his own: what is said is all that there is to check. */
const anySignature: ActTools = {
  verifier: { verify: async () => ok(true) },
  owners: { recover: async () => ADDRESS },
  centerOf: centerIfCell,
  domain: DOMAIN,
};

async function signedActOf(act: Act): Promise<SignedAct> {
  const signature = parseOwnerSignature(await signAct(WALLET, act, DOMAIN));
  if (!signature.ok) throw new Error('no signature');
  const request = requestOf(JSON.stringify({ act: actFields(act) }));
  const evidence = await openRequest(
    new Request(URL_OF_CLAIM, {
      method: 'POST', body: request.body,
      headers: { 'content-type': request.contentType, 'content-digest': request.contentDigest, 'signature-input': request.signatureInput, signature: request.signature },
    }),
    new Set([AUTHORITY]),
    NOW_MS,
  ); // prettier-ignore
  if (!evidence.ok) throw new Error(evidence.error.reason);
  return {
    act,
    domain: DOMAIN,
    owners: [{ address: ADDRESS, signature: signature.value }],
    devices: evidence.value.devices,
  };
}
const SIGNED = await Promise.all(ACTS.map(signedActOf));

const signedActs: Target = {
  name: 'signed-act',
  form: 'cbor',
  mostBytes: LOG_BYTES,
  seeds: SIGNED.map(encodeSignedAct),
  run(input) {
    let given: unknown;
    try {
      given = decodePlain(input);
    } catch {
      return 'no-cbor';
    }
    const signed = readSignedAct(given);
    if (signed === null) return 'no-act';
    if (hasByteOrderMark(input)) return 'ok, byte order mark';
    const written = encodeSignedAct(signed);
    const again = readSignedAct(decodePlain(written));
    must(again !== null, 'what was read is not read again');
    if (again !== null) mustBeSame(encodeSignedAct(again), written, 'read twice differs');
    typedDataOf(signed.act, signed.domain);
    return `ok, ${signed.act.kind}`;
  },
};

const CLAIMED: MembershipBody = {
  kind: 'membership', version: 1, device: DEVICE, status: 'active', owner: ADDRESS, displayName: CLAIM.name, place: CLAIM.place,
  ...centerOf(CLAIM.place), elevationM: 670, tier: 0, density: CLAIM.place, claimedMs: NOW_MS,
}; // prettier-ignore
const WINDOW: MaintenanceBody = {
  kind: 'maintenance', device: DEVICE, fromMs: CREATED * 1000, untilMs: (CREATED + 3600) * 1000,
}; // prettier-ignore
const HERE = CLAIM.region;
const AFTER: Readonly<Record<Act['kind'], MembershipBody | MaintenanceBody>> = {
  claim: CLAIMED,
  relocate: { ...CLAIMED, version: 2 },
  maintenance: WINDOW,
  transfer: { ...CLAIMED, version: 2, owner: OWNER as OwnerAddress },
  rotate: { ...CLAIMED, version: 2, status: 'retired' },
  retire: { ...CLAIMED, version: 2, status: 'retired' },
};

export const ACT_ENTRIES = SIGNED.map((act) => ({ ...AFTER[act.act.kind], act }));

const actChecks: Target = {
  name: 'act-check',
  form: 'cbor',
  mostBytes: LOG_BYTES,
  share: 0.5,
  seeds: ACT_ENTRIES.map(encodeEntryBody),
  async run(input) {
    const isFirst = input.length % 2 === 0;
    const labels: string[] = [];
    for (const kind of ['membership', 'maintenance'] as const) {
      const entry = decodeEntry({ seq: 9, receivedMs: NOW_MS, kind, body: input });
      if (!entry.ok) return entry.error.detail.replace(/\d+.*/, '');
      if (entry.value.kind !== 'membership' && entry.value.kind !== 'maintenance') return 'another kind';
      for (const before of [null, { membership: CLAIMED, formerKey: isFirst ? DEVICE : null }]) {
        const checked = await checkAct({ entry: entry.value, before }, HERE, anySignature);
        labels.push(checked.ok ? `ok ${checked.value}` : `${checked.error.reason} ${checked.error.at.field ?? ''}`);
      }
    }
    return (
      labels.find((label) => label === 'ok signed') ??
      labels.find((label) => label.startsWith('act-')) ??
      labels[0] ??
      ''
    );
  },
};

export const ACT_TARGETS: readonly Target[] = [
  acts, positions, claims, ownerSignatures, members, requests, signedActs, actChecks,
]; // prettier-ignore
