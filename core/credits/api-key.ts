/**
 * API keys: `isk_` and 88 hex digits: the account's address (20 bytes), a secret (16) and a check (8). The check is keyed, so
 * that the edge finds the account with no look-up and refuses made-up keys without waking an object. It proves nothing by
 * itself: the account knows its keys by their hash.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { parseOwnerAddress, type OwnerAddress } from '../ids.ts';
import { sameText } from '../ingest/tag.ts';
import { err, ok, type Result } from '../result.ts';

/** What a key may buy: answers to queries, exports, streams. */
export const KEY_SCOPES = ['read', 'export', 'stream'] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

/** 128 bits: nobody guesses one, so a plain SHA-256 keeps it (no slow hash as for passwords). */
export const SECRET_BYTES = 16;
/** 64 bits: a guess hits once in 1.8e19, and a hit only wakes one object. */
const CHECK_BYTES = 8;
const ADDRESS_DIGITS = 40;
const SECRET_DIGITS = 2 * SECRET_BYTES;

const SHAPE = /^isk_[0-9a-f]{88}$/;
/** The edge's one key signs several kinds of things; this tells them apart. */
const CHECK_PURPOSE = 'isobar api key v1';
const FIRST_PURPOSE = 'isobar first api key v1';

export type ReadKey = {
  readonly account: OwnerAddress;
  /** SHA-256, hex: what the account stores. */ readonly hash: string;
};
/** Without the key itself: its hash is all that is ever stored. */
export type NewKey = {
  readonly hash: string;
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  readonly expiresMs: number | null;
  /** USDC base units in a UTC month. */
  readonly monthlyLimit: string | null;
};
export type UnknownKey = { readonly reason: 'unknown-key' };

export function makeApiKey(account: OwnerAddress, secret: Uint8Array, tagKey: string): string {
  const body = account.slice(2) + bytesToHex(secret);
  return `isk_${body}${check(body, tagKey)}`;
}

export function readApiKey(text: string, tagKey: string): Result<ReadKey, UnknownKey> {
  const unknown = err({ reason: 'unknown-key' } as const);
  if (!SHAPE.test(text)) return unknown;
  const body = text.slice(4, 4 + ADDRESS_DIGITS + SECRET_DIGITS);
  const account = parseOwnerAddress(`0x${body.slice(0, ADDRESS_DIGITS)}`);
  if (!account.ok || !sameText(text.slice(4 + body.length), check(body, tagKey))) return unknown;
  return ok({ account: account.value, hash: hashApiKey(text) });
}

export function hashApiKey(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

/** How people name a key once it cannot be shown any more. */
export function keyIdOf(hash: string): string {
  return hash.slice(0, 16);
}

/**
 * The secret of the key that a top-up may ask for. It follows from the payment's header, so a header that is sent again shows
 * the same key, and nobody has to store it; nobody makes it from the header alone.
 */
export function firstSecret(headerHash: string, tagKey: string): Uint8Array {
  return keyed(`${FIRST_PURPOSE}|${headerHash}`, tagKey).subarray(0, SECRET_BYTES);
}

export function isKeyScope(given: unknown): given is KeyScope {
  return KEY_SCOPES.some((scope) => scope === given);
}

function check(body: string, tagKey: string): string {
  return bytesToHex(keyed(`${CHECK_PURPOSE}|${body}`, tagKey).subarray(0, CHECK_BYTES));
}

function keyed(text: string, tagKey: string): Uint8Array {
  return hmac(sha256, utf8ToBytes(tagKey), utf8ToBytes(text));
}
