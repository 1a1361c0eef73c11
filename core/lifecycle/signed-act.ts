/**
 * An act with all that a stranger needs to check again who signed it. It stands in the log beside what it brought about;
 * an entry without one is the operator's word.
 */
import { base64 } from '@scure/base';
import { decode, encode } from 'cborg';
import { parseDeviceId, parseOwnerAddress, type DeviceId, type OwnerAddress } from '../ids.ts';
import { err, ok, type Result } from '../result.ts';
import { ACT_KINDS, type Act } from './act.ts';
import { isObject } from './fields.ts';
import { parseAct } from './parse-act.ts';
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

/** Of a log that somebody else has written. Null: not of this form. */
export function readSignedAct(given: unknown): SignedAct | null {
  if (!isObject(given) || !isObject(given['act']) || !isObject(given['domain'])) return null;
  const { kind, ...fields } = given['act'];
  const { chainId, contract } = given['domain'];
  const known = ACT_KINDS.find((one) => one === kind);
  const act = known === undefined ? null : parseAct(known, fields);
  const verifying = parseOwnerAddress(contract);
  const owners = readList(given['owners'], (one) => {
    const address = parseOwnerAddress(one['address']);
    const { signature } = one;
    return address.ok && signature instanceof Uint8Array ? { address: address.value, signature } : null;
  });
  const devices = readList(given['devices'], (one) => {
    const device = parseDeviceId(one['device']);
    const { evidence } = one;
    return device.ok && evidence instanceof Uint8Array ? { device: device.value, evidence } : null;
  });
  if (act === null || !act.ok || !verifying.ok || typeof chainId !== 'number' || owners === null || devices === null)
    return null;
  return { act: act.value, domain: { chainId, contract: verifying.value }, owners, devices };
}

function readList<T>(given: unknown, read: (one: Readonly<Record<string, unknown>>) => T | null): readonly T[] | null {
  if (!Array.isArray(given)) return null;
  const items: T[] = [];
  for (const one of given as readonly unknown[]) {
    const item = isObject(one) ? read(one) : null;
    if (item === null) return null;
    items.push(item);
  }
  return items;
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
