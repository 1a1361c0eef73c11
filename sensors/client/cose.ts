/**
 * The compact form of a batch: SenML CBOR (RFC 8428 section 6) in a COSE_Sign1 (RFC 9052), for links where bytes are dear. It
 * is posted to the same address, as `application/cose`, and answered with the same receipt.
 */
import { encode, Tagged } from 'cborg';
import { COSE_CONTENT_TYPE, coseHeader, externalAad } from '../../core/cose/batch.ts';
import { encodeSign1, signedBytes } from '../../core/cose/sign1.ts';
import { decodeDidKey } from '../../core/signature/did-key.ts';
import type { DeviceId } from '../../core/ids.ts';
import type { SigningKey } from './key.ts';
import { SENML_VERSION, type Measurement } from './senml.ts';

export { COSE_CONTENT_TYPE };

/** RFC 8428 table 4. */
const LABEL = { bver: -1, bn: -2, bt: -3, n: 0, u: 1, v: 2, t: 6 } as const;
/** RFC 8949 section 3.4.4. */
const DECIMAL_FRACTION = 4;

export type CoseUpload = {
  /** The device's ingest address. */
  readonly url: string;
  readonly measurements: readonly Measurement[];
  /** Unix seconds. */
  readonly createdSeconds: number;
  /** 16 lower-case hex digits (nonce.ts). */
  readonly nonce: string;
  /** sha-256 of the SenML payload before; null or left out: none is named. */
  readonly previous?: Uint8Array | null;
};

/** @return the body to post */
export function signCose(key: SigningKey, { measurements, ...upload }: CoseUpload): Promise<Uint8Array> {
  return signPayload(key, { ...upload, payload: writeCborPack(key.did, measurements) });
}

/** @param upload `payload`: a pack that writeCborPack made, of now or of an earlier try */
export async function signPayload(
  key: SigningKey,
  upload: Omit<CoseUpload, 'measurements'> & { readonly payload: Uint8Array },
): Promise<Uint8Array> {
  const decoded = decodeDidKey(key.did);
  if (!decoded.ok) throw new RangeError(`no device key: ${key.did}`);
  const { url, payload, createdSeconds, nonce, previous = null } = upload;
  const header = coseHeader({ device: key.did, createdSeconds, nonce, previous }, decoded.value.algorithm);
  const parts = { protectedBytes: encode(header), payload };
  const { host, pathname } = new URL(url);
  const signature = await key.sign(signedBytes(parts, externalAad(host, pathname)));
  return encodeSign1({ ...parts, signature });
}

/** Oldest first, whatever the order given; the same records as senml.ts writes in JSON. */
export function writeCborPack(device: DeviceId, measurements: readonly Measurement[]): Uint8Array {
  const sorted = measurements.toSorted((a, b) => a.measuredMs - b.measuredMs);
  const baseSeconds = Math.floor((sorted[0]?.measuredMs ?? 0) / 1000);
  const records = sorted.map(({ quantity, unit, value, measuredMs }, position) => {
    if (!Number.isFinite(value)) throw new RangeError(`${quantity} is not a finite number`);
    const record = new Map<number, unknown>();
    if (position === 0) {
      record.set(LABEL.bver, SENML_VERSION).set(LABEL.bn, `${device}:`).set(LABEL.bt, baseSeconds);
    }
    record.set(LABEL.n, quantity).set(LABEL.u, unit).set(LABEL.v, toNumber(value));
    const offsetMs = measuredMs - baseSeconds * 1000;
    if (offsetMs !== 0) record.set(LABEL.t, toNumber(offsetMs / 1000));
    return record;
  });
  return encode(records);
}

/** As a decimal fraction where that is what was meant: 21.4 takes 5 bytes instead of 9, and reads back as 21.4. */
function toNumber(value: number): number | Tagged {
  if (Number.isInteger(value)) return value;
  const [, digits = '', decimals = ''] = /^(-?\d+)\.(\d+)$/.exec(String(value)) ?? [];
  const mantissa = Number(digits + decimals);
  return decimals === '' || !Number.isSafeInteger(mantissa) || mantissa === 0
    ? value
    : new Tagged(DECIMAL_FRACTION, [-decimals.length, mantissa]);
}
