/** From a key and what is to be sent to the exact text that is signed, for whoever writes a client. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { base64 } from '@scure/base';
import { encode } from 'cborg';
import { aadOf, decimal, headerOf, messageOf, PREVIOUS, senmlCbor, sigStructure } from './cose-form.ts';
import { baseOf, CHAINED, digestField, FIVE, formatDigest, SENML_JSON, usualParams } from './json-form.ts';
import type { VectorKey } from './keys.ts';

/** `value` is mantissa * 10^-decimals. */
type Measurement = {
  readonly quantity: string;
  readonly unit: string;
  readonly mantissa: number;
  readonly decimals: number;
  readonly measuredMs: number;
};
type Case = {
  readonly name: string;
  readonly url: string;
  readonly authority: string;
  readonly path: string;
  readonly created: number;
  readonly nonce: string;
  readonly measurements: readonly Measurement[];
  /** Hex: the digest of the batch before, in either form. */
  readonly previous?: string;
};

const BT = 1_795_387_200;
const PATH = '/v1/regions/83390cfffffffff/readings/f6a6e22d3fa5a76f';
const at = (offsetMs: number, quantity: string, unit: string, mantissa: number, decimals: number): Measurement => ({
  quantity,
  unit,
  mantissa,
  decimals,
  measuredMs: BT * 1000 + offsetMs,
});

const CASES: readonly Case[] = [
  {
    name: 'one reading',
    url: `https://api.isobar.example${PATH}`,
    authority: 'api.isobar.example',
    path: PATH,
    created: BT,
    nonce: '000000000000a3f1',
    measurements: [at(0, 'temp', 'Cel', 214, 1)],
  },
  {
    name: 'five quantities, a host in capitals with the default port, the batch before',
    url: `https://API.Isobar.Example:443${PATH}`,
    authority: 'api.isobar.example',
    path: PATH,
    created: BT + 300,
    nonce: '00000001a2054b80',
    previous: 'c1eab46b44c6c8c3b1f8a1d2e4bc0a9f3d0f6b7b7b9d4a1e8f00112233445566',
    measurements: [
      at(0, 'temp', 'Cel', -35, 1),
      at(0, 'rh', '%RH', 54, 0),
      at(0, 'press', 'hPa', 101_325, 2),
      at(60_250, 'pm25', 'ug/m3', 123, 1),
      at(120_000, 'co2', 'ppm', 421, 0),
    ],
  },
  {
    name: 'another port, the largest nonce, a time without fraction in milliseconds',
    url: 'http://127.0.0.1:8787/v1/regions/83194cfffffffff/readings/0000000000000000',
    authority: '127.0.0.1:8787',
    path: '/v1/regions/83194cfffffffff/readings/0000000000000000',
    created: 1_763_805_600,
    nonce: 'ffffffffffffffff',
    measurements: [at(1, 'wind_dir', 'deg', 0, 0), at(999, 'rain', 'mm', 2, 1)],
  },
];

export function signingVectors(keys: readonly VectorKey[]) {
  return keys.flatMap((key) => CASES.map((one) => signing(key, one)));
}

function signing(key: VectorKey, { name, url, authority, path, created, nonce, measurements, previous }: Case) {
  const body = utf8ToBytes(jsonPack(key, measurements));
  const contentDigest = digestField(body);
  const names = previous === undefined ? FIVE : CHAINED;
  const previousDigest = previous === undefined ? null : formatDigest(hexToBytes(previous));
  const params = usualParams(names, created, key.did, nonce);
  const values = {
    '@method': 'POST',
    '@authority': authority,
    '@path': path,
    'content-type': SENML_JSON,
    'content-digest': contentDigest,
    ...(previousDigest !== null && { 'previous-digest': previousDigest }),
  };
  const base = baseOf(names, values, params);
  const payload = cborPack(key, measurements);
  const header = headerOf(key, created, nonce);
  if (previous !== undefined) header.set(PREVIOUS, hexToBytes(previous));
  const parts = { protectedBytes: encode(header), aad: aadOf(authority, path), payload };
  const toBeSigned = sigStructure(parts);
  const signature = key.sign(toBeSigned);
  return {
    name: `${name}, ${key.algorithm}`,
    algorithm: key.algorithm,
    secret: bytesToHex(key.secret),
    device: key.did,
    url,
    authority,
    path,
    created,
    nonce,
    previous: previous ?? null,
    measurements,
    json: {
      body: base64.encode(body),
      contentDigest,
      previousDigest,
      signatureParams: params,
      base,
      baseSha256: bytesToHex(sha256(utf8ToBytes(base))),
      signature: base64.encode(key.sign(utf8ToBytes(base))),
    },
    cose: {
      payload: bytesToHex(payload),
      protected: bytesToHex(parts.protectedBytes),
      externalAad: bytesToHex(parts.aad),
      toBeSigned: bytesToHex(toBeSigned),
      signature: base64.encode(signature),
      message: bytesToHex(messageOf([parts.protectedBytes, new Map(), payload, signature])),
    },
  };
}

/** As the clients of this repository write it; another JSON text of the same readings is as good. */
function jsonPack(key: VectorKey, measurements: readonly Measurement[]): string {
  const records = offsets(measurements).map(({ quantity, unit, mantissa, decimals, offsetMs }, index) => ({
    ...(index === 0 && { bn: `${key.did}:`, bt: baseSeconds(measurements), bver: 26 }),
    n: quantity,
    u: unit,
    ...(offsetMs !== 0 && { t: offsetMs / 1000 }),
    v: mantissa / 10 ** decimals,
  }));
  return `[${records.map((record) => JSON.stringify(record)).join(',\n')}]`;
}

function cborPack(key: VectorKey, measurements: readonly Measurement[]): Uint8Array {
  return senmlCbor(
    offsets(measurements).map(({ quantity, unit, mantissa, decimals, offsetMs }, index) => ({
      ...(index === 0 && { bver: 26, bn: `${key.did}:`, bt: baseSeconds(measurements) }),
      n: quantity,
      u: unit,
      v: shortest(mantissa, decimals),
      ...(offsetMs !== 0 && { t: shortest(offsetMs, 3) }),
    })),
  );
}

/** A whole number as such, any other with no zero at its end. */
function shortest(mantissa: number, decimals: number) {
  let [short, exponent] = [mantissa, decimals];
  while (exponent > 0 && short % 10 === 0) [short, exponent] = [short / 10, exponent - 1];
  return exponent === 0 ? short : decimal(short, -exponent);
}

const baseSeconds = (measurements: readonly Measurement[]): number =>
  Math.floor((measurements[0]?.measuredMs ?? 0) / 1000);
const offsets = (measurements: readonly Measurement[]) =>
  measurements.map((one) => ({ ...one, offsetMs: one.measuredMs - baseSeconds(measurements) * 1000 }));
