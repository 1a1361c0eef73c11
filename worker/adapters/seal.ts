/** Keyed seals over what buyers carry for us: offers, tags, tokens, links, passes. The purpose keeps one kind from passing as another. */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { EdgeConfig } from '../env.ts';

export type SealPurpose =
  | 'isobar offer v1'
  | 'isobar etag v1'
  | 'isobar export token v1'
  | 'isobar export link v1'
  | 'isobar stream pass v1';

const SEAL = /^[0-9a-f]{64}$/;

/** 64 hex digits. */
export async function sealOf(config: EdgeConfig, purpose: SealPurpose, text: string): Promise<string> {
  return bytesToHex(new Uint8Array(await crypto.subtle.sign('HMAC', await keyOf(config), message(purpose, text))));
}

/** Compared in constant time. */
export async function isSealed(config: EdgeConfig, purpose: SealPurpose, text: string, seal: string): Promise<boolean> {
  if (!SEAL.test(seal)) return false;
  const bytes = Uint8Array.from(hexToBytes(seal));
  return crypto.subtle.verify('HMAC', await keyOf(config), bytes, message(purpose, text));
}

function message(purpose: SealPurpose, text: string): Uint8Array {
  return new TextEncoder().encode(`${purpose}\n${text}`);
}

function keyOf(config: EdgeConfig): Promise<CryptoKey> {
  const bytes = new TextEncoder().encode(config.ingestTagKey);
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
}
