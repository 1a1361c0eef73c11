/** Keyed seals over what buyers carry for us: tokens, links, passes. The purpose keeps one kind from passing as another. */
import type { EdgeConfig } from '../env.ts';
import { fromHex, toHex } from '../middleware/offer.ts';

export type SealPurpose = 'isobar export token v1' | 'isobar export link v1' | 'isobar stream pass v1';

/** 64 hex digits. */
export async function sealOf(config: EdgeConfig, purpose: SealPurpose, text: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.sign('HMAC', await keyOf(config), message(purpose, text))));
}

/** Compared in constant time. */
export async function isSealed(config: EdgeConfig, purpose: SealPurpose, text: string, seal: string): Promise<boolean> {
  const bytes = fromHex(seal);
  return bytes !== null && crypto.subtle.verify('HMAC', await keyOf(config), bytes, message(purpose, text));
}

function message(purpose: SealPurpose, text: string): Uint8Array {
  return new TextEncoder().encode(`${purpose}\n${text}`);
}

function keyOf(config: EdgeConfig): Promise<CryptoKey> {
  const bytes = new TextEncoder().encode(config.ingestTagKey);
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
}
