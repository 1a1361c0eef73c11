import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toDidKey } from '../signature/did-key.ts';
import { actFields, parseAct } from './parse-act.ts';
import type { Act, ActKind } from './act.ts';
import { commitPosition, parsePosition, publicElevationM } from './position.ts';
import { checkIssuedAt, checkOrder } from './rules.ts';
import { decodeSignedAct, encodeSignedAct, parseOwnerSignature, type SignedAct } from './signed-act.ts';
import { ACT_TYPES, typedDataOf } from './typed-data.ts';

const didOf = (fill: number): string =>
  toDidKey({ algorithm: 'ed25519', publicKey: ed25519.keygen(new Uint8Array(32).fill(fill)).publicKey });
const DEVICE = didOf(1);
const OWNER = `0x${'ab'.repeat(20)}`;
const POSITION = {
  latitudeE7: 404_168_000,
  longitudeE7: -37_038_000,
  elevationCm: 65_712,
  heightCm: null,
  salt: '0f'.repeat(16),
};
const placed = {
  device: DEVICE,
  owner: OWNER,
  region: '83390cfffffffff',
  place: '87390ca20ffffff',
  position: `0x${'cd'.repeat(32)}`,
};

const ACTS: Readonly<Record<ActKind, Readonly<Record<string, unknown>>>> = {
  claim: { ...placed, name: 'Roof', type: 'SDS011', tier: 0, issuedAt: 1_795_000_000, code: `0x${'01'.repeat(16)}` },
  relocate: { ...placed, issuedAt: 1_795_000_000 },
  maintenance: { device: DEVICE, from: 1_795_000_000, until: 1_795_003_600, issuedAt: 1_795_000_000 },
  transfer: { device: DEVICE, from: OWNER, to: `0x${'cd'.repeat(20)}`, issuedAt: 1_795_000_000 },
  rotate: { device: DEVICE, successor: didOf(2), issuedAt: 1_795_000_000 },
  retire: { device: DEVICE, issuedAt: 1_795_000_000 },
};
const KINDS = Object.keys(ACTS) as ActKind[];

function read(kind: ActKind, change: Readonly<Record<string, unknown>> = {}): Act {
  const act = parseAct(kind, { ...ACTS[kind], ...change });
  if (!act.ok) throw new Error(JSON.stringify(act.error));
  return act.value;
}

test.each(KINDS)('%s is read, and its JSON is what was given', (kind) => {
  const act = read(kind);
  expect(act.kind).toBe(kind);
  expect(actFields(act)).toEqual(ACTS[kind]);
  expect(Object.keys(typedDataOf(act, { chainId: 10, contract: '0x00' }).message)).toEqual(
    ACT_TYPES[kind].fields.map(({ name }) => name),
  );
});

test.each(KINDS)('%s without any one of its fields, or with one more, is refused by the pointer to it', (kind) => {
  for (const name of Object.keys(ACTS[kind])) {
    const { [name]: _left, ...rest } = ACTS[kind];
    expect(parseAct(kind, rest)).toMatchObject({ ok: false, error: { reason: 'bad-field', pointer: `/act/${name}` } });
  }
  expect(parseAct(kind, { ...ACTS[kind], 'a/b': 1 })).toMatchObject({ ok: false, error: { pointer: '/act/a~1b' } });
});

test.each<[ActKind, string, unknown]>([
  ['claim', 'device', 'did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme'],
  ['claim', 'owner', '0x12'],
  ['claim', 'region', '87390ca20ffffff'],
  ['claim', 'place', '83390cfffffffff'],
  ['claim', 'position', `0x${'CD'.repeat(32)}`],
  ['claim', 'name', 'two\nlines'],
  ['claim', 'type', 'x'.repeat(61)],
  ['claim', 'tier', 3],
  ['claim', 'issuedAt', 1.5],
  ['claim', 'issuedAt', -1],
  ['claim', 'code', '0x01'],
  ['maintenance', 'until', 1_795_000_000],
  ['maintenance', 'until', 1_795_000_000 + 32 * 86_400],
  ['transfer', 'to', OWNER],
  ['rotate', 'successor', DEVICE],
])('%s with a wrong %s is refused', (kind, name, value) => {
  expect(parseAct(kind, { ...ACTS[kind], [name]: value })).toMatchObject({
    ok: false,
    error: { reason: 'bad-field', pointer: `/act/${name}` },
  });
});

test('anything is read as an act or refused, never an exception', () => {
  fc.assert(
    fc.property(fc.constantFrom(...KINDS), fc.anything(), (kind, given) => {
      expect(typeof parseAct(kind, given).ok).toBe('boolean');
      expect(typeof parsePosition(given).ok).toBe('boolean');
    }),
  );
});

test('the commitment is sha-256 of six lines', () => {
  const position = parsePosition(POSITION);
  if (!position.ok) throw new Error(position.error.detail);
  // printf 'isobar-position-v1\n0f0f...\n404168000\n-37038000\n65712\n-' | sha256sum
  expect(commitPosition(position.value)).toBe('0x2191735abcd6ee1810fba11dd8f01f8edfa85924d7e2b41858398bf241ba2ae5');
  expect(publicElevationM(position.value)).toBe(660);
});

test('an act is taken within ten minutes after its time and half a minute before, and none that is older than the latest', () => {
  const act = { issuedAt: 1000 };
  expect(checkIssuedAt(act, 1_600_000).ok).toBe(true);
  expect(checkIssuedAt(act, 1_601_000)).toEqual({
    ok: false,
    error: { reason: 'act-clock', issuedAt: 1000, serverSeconds: 1601 },
  });
  expect(checkIssuedAt(act, 970_000).ok).toBe(true);
  expect(checkIssuedAt(act, 969_999).ok).toBe(false);
  expect(checkOrder(act, null).ok).toBe(true);
  expect(checkOrder(act, 1000).ok).toBe(true);
  expect(checkOrder(act, 1001)).toEqual({ ok: false, error: { reason: 'stale-act', issuedAt: 1000, latest: 1001 } });
});

test('a signed act comes back from its bytes', () => {
  const signature = parseOwnerSignature(`0x${'1b'.repeat(65)}`);
  if (!signature.ok) throw new Error('no signature');
  const act = read('transfer');
  if (act.kind !== 'transfer') throw new Error('no transfer');
  const signed: SignedAct = {
    act,
    domain: { chainId: 10, contract: '0x00' },
    owners: [{ address: act.from, signature: signature.value }],
    devices: [{ device: act.device, evidence: Uint8Array.of(1, 2) }],
  };
  expect(decodeSignedAct(encodeSignedAct(signed))).toEqual(signed);
  expect(parseOwnerSignature(`0x${'1b'.repeat(64)}`).ok).toBe(false);
});
