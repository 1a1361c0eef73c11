/**
 * An act with all that a stranger needs to check again who signed it. It stands in the log beside what it brought about;
 * an entry without one is the operator's word.
 */
import { base64 } from '@scure/base';
import { decode, encode } from 'cborg';
import type { DeviceId, OwnerAddress } from '../ids.ts';
import { err, ok, type Result } from '../result.ts';
import type { Act } from './act.ts';
import type { ActDomain } from './typed-data.ts';

export type SignedAct = {
  readonly act: Act;
  readonly domain: ActDomain;
  /** EIP-712, 65 bytes each. */
  readonly owners: readonly { readonly address: OwnerAddress; readonly signature: Uint8Array }[];
  /** The act's request as each device signed it (core/signature/evidence.ts). */
  readonly devices: readonly { readonly device: DeviceId; readonly evidence: Uint8Array }[];
};

export function encodeSignedAct(signed: SignedAct): Uint8Array {
  return encode(signed);
}

/** Only for bytes that `encodeSignedAct` made and we stored. */
export function decodeSignedAct(bytes: Uint8Array): SignedAct {
  return decode(bytes) as SignedAct;
}

/** As a column of D1 has it. */
export function signedActText(signed: SignedAct): string {
  return base64.encode(encodeSignedAct(signed));
}

export function signedActOfText(text: string): SignedAct {
  return decodeSignedAct(base64.decode(text));
}

/** An owner's signature as JSON has it: `0x` and 130 hex digits (r, s, v). */
export function parseOwnerSignature(given: unknown): Result<Uint8Array, { readonly reason: 'not-a-signature' }> {
  if (typeof given !== 'string' || !/^0x[0-9a-fA-F]{130}$/.test(given)) return err({ reason: 'not-a-signature' });
  const bytes = new Uint8Array(65);
  for (let at = 0; at < 65; at += 1) bytes[at] = Number.parseInt(given.slice(2 + 2 * at, 4 + 2 * at), 16);
  return ok(bytes);
}
