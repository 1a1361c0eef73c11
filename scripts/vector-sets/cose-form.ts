/** One vector in the compact form: SenML CBOR in a COSE_Sign1 with the address as external data. */
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { base58, base64 } from '@scure/base';
import { encode, Tagged } from 'cborg';
import { isReadings } from './json-form.ts';
import type { VectorKey } from './keys.ts';
import { type Expected, nonceOf, type Reading, type RefusedReading, type Vector, type World } from './vector.ts';

export type Header = Map<number, unknown>;

export type CoseDraft = {
  readonly says: string;
  /** SenML CBOR. */
  readonly payload?: Uint8Array;
  readonly created?: number;
  readonly nonce?: string;
  readonly header?: (header: Header) => void;
  /** The content of the protected header's byte string. */
  readonly protected?: (usual: Uint8Array) => Uint8Array;
  /** Sig_structure in place of the usual one. */
  readonly signed?: (parts: SignedParts) => Uint8Array;
  /** The address that is signed. */
  readonly aad?: { readonly authority?: string; readonly path?: string };
  readonly signature?: (signature: Uint8Array) => Uint8Array;
  readonly signer?: VectorKey;
  /** The whole message in place of the tagged array. */
  readonly message?: (items: MessageItems) => Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly authority?: string;
  readonly path?: string;
  readonly after?: readonly string[];
  readonly expected: Expected | readonly Reading[];
  readonly refuses?: readonly RefusedReading[];
  /** Digest of the batch before. */
  readonly previous?: Uint8Array;
};

export type SignedParts = {
  readonly protectedBytes: Uint8Array;
  readonly aad: Uint8Array;
  readonly payload: Uint8Array;
};
export type MessageItems = readonly [
  protectedBytes: Uint8Array,
  unprotected: Header,
  payload: Uint8Array,
  signature: Uint8Array,
];

const DECIMAL_FRACTION = 4;
/** Private use: the digest of the batch before. */
export const PREVIOUS = -70_001;

/** RFC 8428 table 4. */
const LABELS: Readonly<Record<string, number>> = {
  bs: -6,
  bv: -5,
  bu: -4,
  bt: -3,
  bn: -2,
  bver: -1,
  n: 0,
  u: 1,
  v: 2,
  vs: 3,
  vb: 4,
  s: 5,
  t: 6,
  ut: 7,
  vd: 8,
};

/** A pack written as for JSON, with integer labels where there are. */
export function senmlCbor(pack: unknown): Uint8Array {
  const record = (item: unknown): unknown =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? new Map(Object.entries(item).map(([label, value]): [unknown, unknown] => [LABELS[label] ?? label, value]))
      : item;
  return encode(Array.isArray(pack) ? pack.map(record) : record(pack));
}

/** RFC 8949 section 3.4.4. */
export const decimal = (mantissa: number, exponent: number): Tagged =>
  new Tagged(DECIMAL_FRACTION, [exponent, mantissa]);

export function headerOf(key: VectorKey, created: number, nonce: string): Header {
  return new Map<number, unknown>([
    [1, key.algorithm === 'ed25519' ? -8 : -7],
    [3, 112],
    [4, base58.decode(key.did.slice('did:key:z'.length))],
    [
      15,
      new Map<number, unknown>([
        [6, created],
        [7, hexToBytes(nonce)],
      ]),
    ],
  ]);
}

export const aadOf = (authority: string, path: string): Uint8Array =>
  utf8ToBytes(`isobar-ingest-v1\nPOST\n${authority}\n${path}`);

/** RFC 9052 section 4.4. */
export const sigStructure = ({ protectedBytes, aad, payload }: SignedParts, context = 'Signature1'): Uint8Array =>
  encode([context, protectedBytes, aad, payload]);

export const messageOf = (items: MessageItems, tag = 18): Uint8Array => encode(new Tagged(tag, items));

export function draftCose(world: World, name: string, count: number, draft: CoseDraft): Vector {
  const { key } = world;
  const nonce = draft.nonce ?? nonceOf(count);
  const payload = draft.payload ?? senmlCbor([{ n: 'temp', u: 'Cel', v: decimal(214, -1) }]);
  const [authority, path] = [draft.authority ?? world.authority, draft.path ?? world.path];
  const header = headerOf(key, draft.created ?? world.nowSeconds, nonce);
  if (draft.previous) header.set(PREVIOUS, draft.previous);
  draft.header?.(header);
  const usual = encode(header);
  const protectedBytes = draft.protected?.(usual) ?? usual;
  const aad = aadOf(draft.aad?.authority ?? authority, draft.aad?.path ?? path);
  const parts = { protectedBytes, aad, payload };
  const signed = (draft.signer ?? key).sign(draft.signed?.(parts) ?? sigStructure(parts));
  const items: MessageItems = [protectedBytes, new Map(), payload, draft.signature?.(signed) ?? signed];
  const body = Uint8Array.from(draft.message?.(items) ?? messageOf(items));
  return {
    name,
    says: draft.says,
    method: 'POST',
    authority,
    path,
    headers: { 'content-type': 'application/cose', ...draft.headers },
    body: base64.encode(body),
    now: world.nowSeconds,
    ...(draft.after && { after: draft.after }),
    expected: isReadings(draft.expected)
      ? {
          verdict: 'accepted',
          status: 201,
          device: key.did,
          nonce,
          digest: base64.encode(sha256(payload)),
          ...(draft.previous && { previous: base64.encode(draft.previous) }),
          readings: draft.expected,
          ...(draft.refuses && { refused: draft.refuses }),
        }
      : draft.expected,
  };
}

/** An array or map of indefinite length around items that are already encoded. */
export const indefinite = (major: 0x9f | 0xbf | 0x5f, ...items: readonly Uint8Array[]): Uint8Array =>
  concatBytes(Uint8Array.of(major), ...items, Uint8Array.of(0xff));
