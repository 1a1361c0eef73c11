/** sensors/vectors/signing.json through the TypeScript client: the same text, and byte for byte the same Ed25519 signature. */
import { createPrivateKey, createPublicKey, verify } from 'node:crypto';
import { base64 } from '@scure/base';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import { externalAad, readCoseBatch } from '../../core/cose/batch.ts';
import { parseCborReadings, parseReadings } from '../../core/senml/parse-readings.ts';
import { quantityByCode } from '../../core/reading/quantity.ts';
import { signCose, writeCborPack } from '../../sensors/client/cose.ts';
import { loadDeviceKey, type SigningKey } from '../../sensors/client/key.ts';
import { type Measurement, writePack } from '../../sensors/client/senml.ts';
import { SENML_JSON, signatureBase, signUpload } from '../../sensors/client/sign.ts';
import { publishedKeys, readSigningVectors, type SigningVector } from '../support/vectors.ts';

const pemOf = ({ device }: SigningVector): string => publishedKeys().find((key) => key.device === device)?.pem ?? '';

async function keyOf(vector: SigningVector): Promise<SigningKey> {
  const loaded = await loadDeviceKey(pemOf(vector));
  if (!loaded.ok) throw new Error(loaded.error.detail);
  return loaded.value;
}

/** Ed25519 has one signature for a message; ECDSA has as many as there are random numbers. */
function expectSignature(vector: SigningVector, message: Uint8Array, signature: Uint8Array, published: string): void {
  if (vector.algorithm === 'ed25519') expect(base64.encode(signature)).toBe(published);
  const key = createPublicKey(createPrivateKey(pemOf(vector)));
  for (const bytes of [signature, base64.decode(published)]) {
    const holds =
      vector.algorithm === 'ed25519'
        ? verify(null, message, key, bytes)
        : verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, bytes);
    expect(holds).toBe(true);
  }
}

const previousOf = ({ previous }: SigningVector) => (previous === null ? null : hexToBytes(previous));

const measurementsOf = ({ measurements }: SigningVector): readonly Measurement[] =>
  measurements.map(({ quantity, unit, mantissa, decimals, measuredMs }) => {
    const code = quantityByCode(quantity)?.code;
    if (!code) throw new Error(`no quantity ${quantity}`);
    return { quantity: code, unit, value: mantissa / 10 ** decimals, measuredMs };
  });

const CASES = readSigningVectors().map((vector) => [vector.name, vector] as const);

test.each(CASES)('%s: the JSON form', async (_, vector) => {
  const { url, created, nonce, json } = vector;
  const key = await keyOf(vector);
  expect(key.did).toBe(vector.device);
  const body = new TextEncoder().encode(writePack(key.did, measurementsOf(vector)));
  expect(base64.encode(body)).toBe(json.body);
  const headers = await signUpload(key, { url, contentType: SENML_JSON, body, createdSeconds: created, nonce, previous: previousOf(vector) });
  expect(headers).toMatchObject({ 'content-digest': json.contentDigest, 'signature-input': `s=${json.signatureParams}` });
  expect(headers['previous-digest'] ?? null).toBe(json.previousDigest);
  const upload = { url, contentType: SENML_JSON };
  expect(signatureBase(upload, json.contentDigest, json.signatureParams, json.previousDigest)).toBe(json.base);
  const signature = base64.decode(headers.signature.slice('s=:'.length, -1));
  expectSignature(vector, new TextEncoder().encode(json.base), signature, json.signature);
});

test.each(CASES)('%s: the compact form', async (_, vector) => {
  const { url, authority, path, created, nonce, cose } = vector;
  const key = await keyOf(vector);
  const measurements = measurementsOf(vector);
  expect(bytesToHex(writeCborPack(key.did, measurements))).toBe(cose.payload);
  expect(bytesToHex(externalAad(authority, path))).toBe(cose.externalAad);
  const message = await signCose(key, { url, measurements, createdSeconds: created, nonce, previous: previousOf(vector) });
  const length = cose.message.length / 2 - 64;
  expect(bytesToHex(message.slice(0, length))).toBe(cose.message.slice(0, 2 * length));
  for (const bytes of [message, hexToBytes(cose.message)]) {
    const batch = readCoseBatch(Uint8Array.from(bytes), authority, path);
    if (!batch.ok) throw new Error(batch.error.reason);
    expect(bytesToHex(batch.value.signed)).toBe(cose.toBeSigned);
    expectSignature(vector, hexToBytes(cose.toBeSigned), batch.value.signature, cose.signature);
  }
});

test.each(CASES)('%s: both forms are the same readings', (_, vector) => {
  const { json, cose, device, created } = vector;
  const text = new TextDecoder().decode(base64.decode(json.body));
  const readings = parseReadings(text, device, created * 1000);
  expect(readings.ok && readings.value).toHaveLength(vector.measurements.length);
  expect(parseCborReadings(hexToBytes(cose.payload), device, created * 1000)).toEqual(readings);
});
