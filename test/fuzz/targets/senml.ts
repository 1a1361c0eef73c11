/** Batches: SenML in both its forms, COSE, strict CBOR, and the packed readings that come of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hexToBytes } from '@noble/hashes/utils.js';
import { encode } from 'cborg';
import { readCoseBatch } from '../../../core/cose/batch.ts';
import { encodeSign1, openSign1 } from '../../../core/cose/sign1.ts';
import { parseDeviceId } from '../../../core/ids.ts';
import { bodyText } from '../../../core/ingest/body-text.ts';
import { packReadings, unpackReadings } from '../../../core/reading/pack.ts';
import { QUANTITIES } from '../../../core/reading/quantity.ts';
import type { Reading } from '../../../core/reading/reading.ts';
import { parseCborReadings, parseReadings } from '../../../core/senml/parse-readings.ts';
import { readCborPack } from '../../../core/senml/cbor.ts';
import { coseEvidence, decodeEvidence, encodeEvidence } from '../../../core/signature/evidence.ts';
import { decodeStrict } from '../../../core/strict-cbor.ts';
import { writeCborPack } from '../../../sensors/client/cose.ts';
import { bytesOf, hasByteOrderMark, labelOf, must, mustBeSame, type Target } from '../target.ts';
import { AUTHORITY, CBOR_PACK, coseBatch, ED25519, NOW_MS, P256, PACK, PATH, SAMPLE } from './examples.ts';

const VECTORS = join(import.meta.dirname, '../../vectors');
const read = (name: string): unknown => JSON.parse(readFileSync(join(VECTORS, name), 'utf8'));
const published = read('senml-rfc8428.json') as { readonly packs: readonly { readonly pack: unknown }[] };
const workingGroup = read('senml-cbor.json') as {
  readonly vectors: Readonly<Record<string, { readonly cbor: string }>>;
};
const cose = read('cose-sign1.json') as { readonly vectors: readonly { readonly cbor: string }[] };

const MOST_BYTES = 256 * 1024;
const LABELS = ['bn', 'bt', 'bu', 'bv', 'bs', 'bver', 'n', 'u', 'v', 'vs', 'vb', 'vd', 's', 't', 'ut', 'x_'];

/** What whoever takes readings relies on. */
function checkReadings(readings: readonly Reading[]): Uint8Array {
  must(readings.length > 0 && readings.length <= 5000, `${readings.length} readings`);
  for (const { quantity, measuredMs, steps } of readings) {
    must(QUANTITIES[quantity] !== undefined, `no quantity ${quantity}`);
    must(Number.isSafeInteger(measuredMs) && measuredMs >= 0, `measured at ${measuredMs}`);
    must(Number.isSafeInteger(steps), `${steps} steps`);
  }
  const packed = packReadings(readings);
  const unpacked = unpackReadings(packed);
  must(unpacked.ok, 'packed readings do not unpack');
  if (unpacked.ok) mustBeSame(packReadings(unpacked.value), packed, 'packing twice differs');
  return packed;
}

const senmlJson: Target = {
  name: 'senml-json',
  form: 'json',
  mostBytes: 1024 * 1024,
  seeds: [PACK, ...published.packs.map(({ pack }) => JSON.stringify(pack)), '[{"n":"temp","u":"Cel","v":1}]'].map(
    bytesOf,
  ),
  words: LABELS.map((label) => `,"${label}":`),
  run(input) {
    const text = bodyText(input);
    if (text === null) return 'not-utf8';
    const readings = parseReadings(text, ED25519, NOW_MS);
    if (readings.ok) checkReadings(readings.value);
    return labelOf(readings);
  },
};

/** What is nested deeply is no reading, and JSON.stringify has a stack that ends. */
function isPlainJson(value: unknown, depth = 0): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  return depth < 64 && Object.values(value).every((of) => isPlainJson(of, depth + 1));
}

const senmlCbor: Target = {
  name: 'senml-cbor',
  form: 'cbor',
  mostBytes: MOST_BYTES,
  seeds: [
    CBOR_PACK,
    writeCborPack(P256, SAMPLE.slice(0, 1)),
    ...Object.values(workingGroup.vectors).map(({ cbor }) => hexToBytes(cbor)),
  ],
  run(input) {
    const readings = parseCborReadings(input, ED25519, NOW_MS);
    if (!readings.ok) return readings.error.reason;
    const packed = checkReadings(readings.value);
    // Both forms are one: the same pack as JSON is the same readings.
    const pack = readCborPack(input);
    if (pack.ok && isPlainJson(pack.value)) {
      const twin = parseReadings(JSON.stringify(pack.value), ED25519, NOW_MS);
      must(twin.ok, `refused as JSON: ${twin.ok ? '' : twin.error.reason}`);
      if (twin.ok) mustBeSame(packReadings(twin.value), packed, 'other readings as JSON');
    }
    return 'ok';
  },
};

const NONE = new Uint8Array();
const BATCHES = [
  coseBatch(ED25519, CBOR_PACK),
  coseBatch(P256, CBOR_PACK),
  coseBatch(ED25519, new Uint8Array()),
  coseBatch(P256, CBOR_PACK, new Uint8Array(32).fill(9)),
];
const SIGN1 = [...BATCHES, ...cose.vectors.map(({ cbor }) => hexToBytes(cbor))];

const coseSign1: Target = {
  name: 'cose-sign1',
  form: 'cbor',
  mostBytes: MOST_BYTES,
  seeds: SIGN1,
  run(input) {
    const opened = openSign1(input);
    if (!opened.ok) return opened.error.detail;
    const { protectedBytes, payload, signature } = opened.value;
    const again = openSign1(encodeSign1(opened.value));
    must(again.ok, 'what was opened is not opened again');
    if (again.ok) {
      mustBeSame(again.value.protectedBytes, protectedBytes, 'another protected header');
      mustBeSame(again.value.payload, payload, 'another payload');
      mustBeSame(again.value.signature, signature, 'another signature');
    }
    return 'ok';
  },
};

const coseBatches: Target = {
  name: 'cose-batch',
  form: 'cbor',
  mostBytes: MOST_BYTES,
  seeds: [...BATCHES, ...SIGN1.slice(-1)],
  run(input) {
    const batch = readCoseBatch(input, AUTHORITY, PATH);
    if (!batch.ok)
      return batch.error.reason === 'malformed-signature'
        ? batch.error.detail.slice(0, 20).replaceAll(/\d+/g, '')
        : batch.error.reason;
    const { device, nonce, createdSeconds, signature, previous } = batch.value;
    must(parseDeviceId(device).ok, `device ${device}`);
    must(/^[0-9a-f]{16}$/.test(nonce), `nonce ${nonce}`);
    must(Number.isSafeInteger(createdSeconds) && createdSeconds >= 0, `created ${createdSeconds}`);
    must(signature.length === 64, `${signature.length} bytes of signature`);
    // The log keeps it as evidence, and strangers read it from there.
    const evidence = encodeEvidence(coseEvidence(batch.value, AUTHORITY, PATH, input));
    const again = decodeEvidence(evidence);
    must(previous === null || previous.length === 32, 'a previous digest of another length');
    must(
      again.ok && again.value.compact?.device === device && again.value.nonce === nonce,
      'evidence says something else',
    );
    if (again.ok) mustBeSame(again.value.previous ?? NONE, previous ?? NONE, 'evidence names another previous batch');
    const readings = parseCborReadings(batch.value.payload, device, createdSeconds * 1000);
    if (readings.ok) checkReadings(readings.value);
    return 'ok';
  },
};

/** The encoder takes the square of the depth, and no border lets it write what a stranger nested. */
function hasPlainNames(value: unknown, depth = 0): boolean {
  if (depth > 64) return false;
  const inner = (of: unknown): boolean => hasPlainNames(of, depth + 1);
  if (value instanceof Map) return [...value].every(([name, of]) => typeof name !== 'object' && inner(of));
  return Array.isArray(value) ? value.every(inner) : true;
}

const strictCbor: Target = {
  name: 'strict-cbor',
  form: 'cbor',
  mostBytes: MOST_BYTES,
  seeds: [...SIGN1, CBOR_PACK, encode({ a: [1, -1, 1.5, null, true, 'text', new Uint8Array(3)], b: { c: {} } })],
  run(input) {
    let value: unknown;
    try {
      value = decodeStrict(input, 4);
    } catch (error) {
      must(error instanceof Error, 'it throws what is no error');
      return error instanceof Error ? error.message.replace(/\d+.*/, '') : '';
    }
    // Of one value there is one way to be written; with names that are no names the encoder gives no such promise.
    if (!hasPlainNames(value)) return 'ok, odd names';
    if (hasByteOrderMark(input)) return 'ok, byte order mark';
    const written = encode(value);
    mustBeSame(encode(decodeStrict(written, 4)), written, 'read, written, read and written differ');
    return 'ok';
  },
};

const packed: Target = {
  name: 'packed-readings',
  form: 'bytes',
  mostBytes: 64 * 1024,
  seeds: [
    packReadings(
      Array.from({ length: 24 }, (_, at) =>
        [0, 1, 4].map((quantity) => ({ quantity, measuredMs: NOW_MS + at * 300_000, steps: 200 + at })),
      ).flat(),
    ),
    packReadings([{ quantity: 3, measuredMs: NOW_MS + 1, steps: -5 }]),
    packReadings([
      { quantity: 0, measuredMs: 0, steps: 2 ** 31 },
      { quantity: 19, measuredMs: 140_737_488_355_328, steps: -(2 ** 31) },
    ]),
    new Uint8Array(),
  ],
  run(input) {
    const readings = unpackReadings(input);
    if (!readings.ok) return readings.error.detail;
    mustBeSame(packReadings(readings.value), input, 'two packs of the same readings');
    return 'ok';
  },
};

export const SENML_TARGETS: readonly Target[] = [senmlJson, senmlCbor, coseSign1, coseBatches, strictCbor, packed];
