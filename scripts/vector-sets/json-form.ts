/**
 * One vector in the JSON form: RFC 9421 over five components. Written without the network's code and the clients', so that they are
 * judged by it and not by themselves.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { base64 } from '@scure/base';
import type { VectorKey } from './keys.ts';
import { type Expected, nonceOf, type Reading, type RefusedReading, type Vector, type World } from './vector.ts';

export const FIVE = ['@method', '@authority', '@path', 'content-type', 'content-digest'] as const;
export const CHAINED = [...FIVE, 'previous-digest'] as const;
export const SENML_JSON = 'application/senml+json';

export type Draft = {
  readonly says: string;
  /** Posted. */
  readonly body?: string | Uint8Array;
  readonly bodyPadding?: number;
  /** Digested in place of what is posted. */
  readonly digestOf?: string | Uint8Array;
  readonly created?: number | string;
  readonly nonce?: string;
  readonly keyid?: string;
  readonly label?: string;
  /** Of Signature-Input, where it is not that of Signature. */
  readonly inputLabel?: string;
  readonly components?: readonly string[];
  /** The value of @signature-params in place of the usual one. */
  readonly params?: (usual: string) => string;
  /** Fields that are signed where they are covered. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Fields as posted, where that differs; null leaves one out. */
  readonly posted?: Readonly<Record<string, string | null>>;
  /** Values signed in place of the request's own. */
  readonly signed?: Readonly<Record<string, string>>;
  /** What is signed in place of the base. */
  readonly base?: (base: string) => string;
  readonly signature?: (signature: Uint8Array, base: string) => Uint8Array;
  readonly signer?: VectorKey;
  readonly authority?: string;
  readonly path?: string;
  readonly after?: readonly string[];
  /** Readings: the batch is accepted with these. */
  readonly expected: Expected | readonly Reading[];
  readonly refuses?: readonly RefusedReading[];
  /** Digest of the batch before: sent and covered. */
  readonly previous?: Uint8Array;
};

export const formatDigest = (digest: Uint8Array): string => `sha-256=:${base64.encode(digest)}:`;
export const digestField = (bytes: Uint8Array): string => formatDigest(sha256(bytes));
export const bytesOf = (text: string | Uint8Array): Uint8Array => (typeof text === 'string' ? utf8ToBytes(text) : text);

export function usualParams(components: readonly string[], created: number | string, keyid: string, nonce: string) {
  const list = components.map((name) => `"${name}"`).join(' ');
  return `(${list});created=${created};keyid="${keyid}";nonce="${nonce}"`;
}

/** RFC 9421 section 2.5. */
export function baseOf(names: readonly string[], values: Readonly<Record<string, string>>, params: string): string {
  return [...names.map((name) => `"${name}": ${values[name] ?? ''}`), `"@signature-params": ${params}`].join('\n');
}

export function draftJson(world: World, name: string, count: number, draft: Draft): Vector {
  const { key } = world;
  const body = bytesOf(draft.body ?? '[{"n":"temp","u":"Cel","v":21.4}]');
  const [authority, path] = [draft.authority ?? world.authority, draft.path ?? world.path];
  const nonce = draft.nonce ?? nonceOf(count);
  const { previous } = draft;
  const components = draft.components ?? (previous ? CHAINED : FIVE);
  const usual = usualParams(components, draft.created ?? world.nowSeconds, draft.keyid ?? key.did, nonce);
  const params = draft.params?.(usual) ?? usual;
  const fields: Readonly<Record<string, string>> = {
    'content-type': SENML_JSON,
    'content-digest': digestField(draft.digestOf === undefined ? body : bytesOf(draft.digestOf)),
    ...(previous && { 'previous-digest': formatDigest(previous) }),
    ...draft.headers,
  };
  const values = { '@method': 'POST', '@authority': authority, '@path': path, ...fields, ...draft.signed };
  const base = baseOf(components, values, params);
  const signature = (draft.signer ?? key).sign(utf8ToBytes(draft.base?.(base) ?? base));
  const label = draft.label ?? 's';
  const posted: Record<string, string | null> = {
    ...fields,
    'signature-input': `${draft.inputLabel ?? label}=${params}`,
    signature: `${label}=:${base64.encode(draft.signature?.(signature, base) ?? signature)}:`,
    ...draft.posted,
  };
  const headers = Object.fromEntries(
    Object.entries(posted).filter((entry): entry is [string, string] => entry[1] !== null),
  );
  return {
    name,
    says: draft.says,
    method: 'POST',
    authority,
    path,
    headers,
    body: base64.encode(body),
    ...(draft.bodyPadding !== undefined && { bodyPadding: draft.bodyPadding }),
    now: world.nowSeconds,
    ...(draft.after && { after: draft.after }),
    expected: isReadings(draft.expected)
      ? {
          verdict: 'accepted',
          status: 201,
          device: key.did,
          nonce,
          digest: base64.encode(sha256(body)),
          ...(previous && { previous: base64.encode(previous) }),
          readings: draft.expected,
          ...(draft.refuses && { refused: draft.refuses }),
        }
      : draft.expected,
  };
}

export const isReadings = (expected: Expected | readonly Reading[]): expected is readonly Reading[] =>
  Array.isArray(expected);
