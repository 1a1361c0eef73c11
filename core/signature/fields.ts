/** The other header fields of a signed post: `Signature` (RFC 9421 section 4.2), `Content-Digest` (RFC 9530), `Previous-Digest`. */
import { base64 } from '@scure/base';
import type { SignatureRefusal } from '../errors.ts';
import { err, ok, type Result } from '../result.ts';

/** Ed25519 and P-256 (r || s, never DER) alike. */
const SIGNATURE_BYTES = 64;
const SHA256_BYTES = 32;

export function parseSignature(header: string, label: string): Result<Uint8Array, SignatureRefusal> {
  const bytes = header.startsWith(`${label}=`) ? decodeByteSequence(header.slice(label.length + 1)) : null;
  if (bytes === null) return malformed(`Signature must read ${label}=:base64:`);
  // OpenSSL gives P-256 signatures as DER, the commonest mistake of a first client.
  if (bytes.length !== SIGNATURE_BYTES)
    return malformed(`a signature has ${SIGNATURE_BYTES} bytes (P-256: r || s, not DER)`);
  return ok(bytes);
}

/** A member of the dictionary of RFC 9530 section 2: an algorithm and a byte sequence (RFC 8941), without parameters. */
const DIGEST = /^[a-z*][a-z0-9_\-.*]*=:[A-Za-z0-9+/=]*:$/;

/** The sha-256 member. Others are ignored; a second sha-256 is refused. */
export function parseContentDigest(header: string): Result<Uint8Array, SignatureRefusal> {
  let found: Uint8Array | null = null;
  for (const member of header.split(',')) {
    const text = member.trim();
    if (!DIGEST.test(text)) return malformed('Content-Digest must hold algorithm=:base64: and nothing else');
    if (!text.startsWith('sha-256=')) continue;
    const digest = decodeByteSequence(text.slice('sha-256='.length));
    if (digest === null || digest.length !== SHA256_BYTES || found !== null)
      return malformed('Content-Digest must hold one sha-256=:base64:');
    found = digest;
  }
  return found === null ? malformed('Content-Digest must hold one sha-256=:base64:') : ok(found);
}

/** One sha-256 and nothing else, in the form of `Content-Digest`. */
export function parsePreviousDigest(header: string): Result<Uint8Array, SignatureRefusal> {
  const digest = header.startsWith('sha-256=') ? decodeByteSequence(header.slice('sha-256='.length)) : null;
  return digest === null || digest.length !== SHA256_BYTES
    ? malformed('Previous-Digest must read sha-256=:base64:')
    : ok(digest);
}

export function formatContentDigest(digest: Uint8Array): string {
  return `sha-256=:${base64.encode(digest)}:`;
}

function decodeByteSequence(text: string): Uint8Array | null {
  if (text.length < 2 || text[0] !== ':' || text[text.length - 1] !== ':') return null;
  try {
    return base64.decode(text.slice(1, -1));
  } catch {
    // Not canonical base64.
    return null;
  }
}

function malformed(detail: string): Result<never, SignatureRefusal> {
  return err({ reason: 'malformed-signature', detail });
}
