/**
 * The three headers of a signed upload: Content-Digest (RFC 9530) and an HTTP message signature (RFC 9421) over method,
 * authority, path, content type and digest. `created` is the time of the upload, never that of a measurement.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { base64 } from '@scure/base';
import type { SigningKey } from './key.ts';

export const SENML_JSON = 'application/senml+json';

export type Upload = {
  /** The device's ingest address. */
  readonly url: string;
  readonly contentType: string;
  /** The exact bytes that go over the wire. */
  readonly body: Uint8Array;
  /** Unix seconds. */
  readonly createdSeconds: number;
  /** 16 lower-case hex digits (nonce.ts). */
  readonly nonce: string;
  /** sha-256 of the body of the batch before; null or left out: none is named. */
  readonly previous?: Uint8Array | null;
};

export type SignedHeaders = {
  readonly 'content-type': string;
  readonly 'content-digest': string;
  readonly 'previous-digest'?: string;
  readonly 'signature-input': string;
  readonly signature: string;
};

const LABEL = 's';
const COMPONENTS = ['@method', '@authority', '@path', 'content-type', 'content-digest'] as const;
const CHAINED = [...COMPONENTS, 'previous-digest'] as const;

export async function signUpload(key: SigningKey, upload: Upload): Promise<SignedHeaders> {
  const digest = contentDigest(upload.body);
  const previous = upload.previous ? formatDigest(upload.previous) : null;
  const parameters = signatureParameters(key.did, upload.createdSeconds, upload.nonce, previous !== null);
  const base = signatureBase(upload, digest, parameters, previous);
  const signature = await key.sign(new TextEncoder().encode(base));
  return {
    'content-type': upload.contentType,
    'content-digest': digest,
    ...(previous !== null && { 'previous-digest': previous }),
    'signature-input': `${LABEL}=${parameters}`,
    signature: `${LABEL}=:${base64.encode(signature)}:`,
  };
}

/** Content-Digest of a body (RFC 9530). */
export function contentDigest(body: Uint8Array): string {
  return formatDigest(sha256(body));
}

function formatDigest(digest: Uint8Array): string {
  return `sha-256=:${base64.encode(digest)}:`;
}

/** The inner list of RFC 9421 section 2.3. `created` is an integer without a fraction, keyid and nonce are strings. */
export function signatureParameters(keyid: string, createdSeconds: number, nonce: string, isChained = false): string {
  const components = (isChained ? CHAINED : COMPONENTS).map((name) => `"${name}"`).join(' ');
  return `(${components});created=${createdSeconds};keyid="${keyid}";nonce="${nonce}"`;
}

/** RFC 9421 section 2.5: one line a component, joined by a single LF, none at the end. */
export function signatureBase(
  upload: Pick<Upload, 'url' | 'contentType'>,
  digest: string,
  parameters: string,
  previous: string | null = null,
): string {
  // URL lower-cases the host and drops the default port, as section 2.2.3 asks of @authority.
  const { host, pathname } = new URL(upload.url);
  const values: Readonly<Record<(typeof CHAINED)[number], string>> = {
    '@method': 'POST',
    '@authority': host,
    '@path': pathname,
    'content-type': upload.contentType,
    'content-digest': digest,
    'previous-digest': previous ?? '',
  };
  const components = previous === null ? COMPONENTS : CHAINED;
  return [...components.map((name) => `"${name}": ${values[name]}`), `"@signature-params": ${parameters}`].join('\n');
}
