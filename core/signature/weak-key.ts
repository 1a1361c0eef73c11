/**
 * Keys that anyone can sign for, or that no honest key generator makes. Checked once, when a device is registered: a
 * curve point costs a millisecond here and has no place in the ingest path.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { err, ok, type Result } from '../result.ts';
import type { DeviceKey } from './did-key.ts';

export type WeakKey = { readonly reason: 'weak-key'; readonly detail: string };

/**
 * Ed25519: a signature under a point of small order (the identity among them) verifies for any message (RFC 8032
 * section 8.9 leaves the check to the application). Points outside the prime-order group are refused too: implementations
 * disagree about them, and a verdict must not depend on the verifier's library.
 */
export function checkKeyStrength(key: DeviceKey): Result<DeviceKey, WeakKey> {
  try {
    if (key.algorithm === 'ed25519') {
      const point = ed25519.Point.fromBytes(key.publicKey, false);
      if (point.isSmallOrder()) return weak('the Ed25519 point has small order: anyone can sign for it');
      if (!point.isTorsionFree()) return weak('the Ed25519 point is not in the prime-order group');
    } else {
      p256.Point.fromBytes(key.publicKey).assertValidity();
    }
  } catch {
    // noble throws for bytes that are no point, and for the point at infinity.
    return weak('the bytes are no point of the curve');
  }
  return ok(key);
}

function weak(detail: string): Result<never, WeakKey> {
  return err({ reason: 'weak-key', detail });
}
