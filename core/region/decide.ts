/** May this batch be appended? Decided before the entry exists; reads the state, changes nothing. */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { RegionRefusal } from '../errors.ts';
import { err, ok, type Result } from '../result.ts';
import type { DeviceState } from './state.ts';

/** Nonces this far below the highest are still taken, for batches that overtake each other. */
export const NONCE_WINDOW = 64n;
/** Half of a sha-256: enough that two bodies under one nonce cannot be made to look the same. */
const DIGEST_HEX_LENGTH = 32;

export type Admission =
  | { readonly kind: 'new' }
  /** The same batch again: its entry is `seq`. */
  | { readonly kind: 'repeat'; readonly seq: number };

export function shortDigest(digest: Uint8Array): string {
  return bytesToHex(digest).slice(0, DIGEST_HEX_LENGTH);
}

export function admit(device: DeviceState, nonce: string, digest: Uint8Array): Result<Admission, RegionRefusal> {
  const known = device.recent.find((batch) => batch.nonce === nonce);
  if (known !== undefined) {
    return known.digest === shortDigest(digest)
      ? ok({ kind: 'repeat', seq: known.seq })
      : err({ reason: 'nonce-reused', nonce });
  }
  if (device.membership.status === 'retired')
    return err({ reason: 'retired-device', device: device.membership.device });
  if (device.highNonce !== '' && BigInt(`0x${nonce}`) + NONCE_WINDOW <= BigInt(`0x${device.highNonce}`)) {
    return err({ reason: 'nonce-too-old', nonce, highest: device.highNonce });
  }
  return ok({ kind: 'new' });
}

export function rememberBatch(device: DeviceState, nonce: string, digest: Uint8Array, seq: number): void {
  // 16 hex digits of equal length: text order is number order.
  if (nonce > device.highNonce) device.highNonce = nonce;
  device.recent.push({ nonce, seq, digest: shortDigest(digest) });
  device.recent.sort((a, b) => (a.nonce < b.nonce ? -1 : 1));
  const highest = BigInt(`0x${device.highNonce}`);
  while (device.recent.length > 0) {
    const oldest = device.recent[0];
    if (oldest === undefined || BigInt(`0x${oldest.nonce}`) + NONCE_WINDOW > highest) break;
    device.recent.shift();
  }
}
