/** sensors/vectors on the edge as it is, at the moment that each vector names. */
import { createPrivateKey, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { base64 } from '@scure/base';
import { isSignatureError, verifySignature } from 'http-message-sig';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { unpackReadings } from '../../core/reading/pack.ts';
import { INGEST_TAG_KEY } from '../../scripts/vector-sets/sets.ts';
import type { KeyAlgorithm } from '../../core/signature/did-key.ts';
import type { Reading, Vector } from '../../scripts/vector-sets/vector.ts';
import { app } from '../../worker/app.ts';
import { type EdgeEnv, edgeEnv } from '../support/edge-env.ts';
import { named, publishedKeys, readVectors, requestOf, VECTOR_FILES } from '../support/vectors.ts';

let edge: EdgeEnv;

beforeEach(() => {
  edge = edgeEnv();
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  return () => {
    log.mockRestore();
    vi.useRealTimers();
  };
});

async function post(vector: Vector): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  vi.useFakeTimers({ now: vector.now * 1000, toFake: ['Date'] });
  const env = { ...edge.env, INGEST_TAG_KEY, AUTHORITIES: 'api.isobar.example', RULES: 'main' };
  const response = await app.request(requestOf(vector), undefined, env);
  return { status: response.status, body: await response.json() };
}

describe.each(VECTOR_FILES)('%s', (file) => {
  const { vectors, state } = readVectors(file);
  const byName = new Map(vectors.map((vector) => [vector.name, vector]));

  // The stand-in of a region knows repeats; the window of nonces only the real one: test/e2e/vectors.test.ts.
  const here = vectors.filter(({ expected }) => !('code' in expected) || expected.code !== 'nonce-too-old');

  test.each(here.map((vector) => [vector.name, vector] as const))('%s', async (_, vector) => {
    for (const name of vector.after ?? []) {
      const before = byName.get(name);
      if (!before) throw new Error(`no vector ${name}`);
      expect((await post(before)).status).toBe(201);
    }
    const { expected } = vector;
    const { status, body } = await post(vector);
    expect([status, body['code']]).toEqual([expected.status, 'code' in expected ? expected.code : undefined]);
    const region = edge.region(state.region);
    expect(region.batches).toHaveLength((vector.after?.length ?? 0) + (expected.verdict === 'accepted' ? 1 : 0));
    if (expected.verdict === 'refused') expect(body).toMatchObject(expected.members ?? {});
    if (expected.verdict !== 'accepted') return;
    const batch = region.batches.at(-1);
    if (!batch) throw new Error('a batch was taken');
    const readings = unpackReadings(batch.readings);
    expect(sorted(readings.ok ? readings.value.map(named) : [])).toEqual(sorted(expected.readings));
    expect([batch.device, batch.nonce, base64.encode(batch.digest)]).toEqual([
      expected.device,
      expected.nonce,
      expected.digest,
    ]);
    expect(batch.previous ? base64.encode(batch.previous) : undefined).toBe(expected.previous);
  });
});

const sorted = (readings: readonly Reading[]): readonly string[] =>
  readings.map(({ quantity, time, value, unit }) => `${time} ${quantity} ${value} ${unit}`).toSorted();

const keys = publishedKeys();

/** A library and OpenSSL, which share no code with what made the vectors. */
async function libraryAccepts(vector: Vector, algorithm: KeyAlgorithm): Promise<boolean> {
  try {
    await verifySignature(requestOf(vector), {
      policy: {
        algorithms: [algorithm],
        requiredComponents: ['@method', '@authority', '@path', 'content-type', 'content-digest'],
        requiredParameters: ['created', 'keyid', 'nonce'],
        maxAge: 300,
        clockSkew: 30,
        now: vector.now,
      },
      resolveVerifier: ({ parameters }) => {
        const pem = keys.find(({ device }) => device === parameters.keyid)?.pem ?? '';
        const key = createPublicKey(createPrivateKey(pem));
        return {
          algorithm,
          verify: (data, signature) =>
            algorithm === 'ed25519'
              ? verify(null, data, key, signature)
              : verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature),
        };
      },
    });
    return true;
  } catch (error) {
    if (isSignatureError(error)) return false;
    throw error;
  }
}

test.each(['json-ed25519', 'json-p256'])(
  '%s: another library finds the same signatures good and bad',
  async (file) => {
    const { vectors, algorithm } = readVectors(file);
    const wrong: string[] = [];
    let judged = 0;
    for (const vector of vectors) {
      const { expected } = vector;
      const isGood = expected.verdict !== 'refused';
      if (!isGood && expected.code !== 'signature-invalid') continue;
      judged += 1;
      if ((await libraryAccepts(vector, algorithm)) !== isGood) wrong.push(vector.name);
    }
    expect(wrong).toEqual([]);
    expect(judged).toBeGreaterThan(30);
  },
);

test('every problem that a batch alone can cause has a vector, in each form that can cause it', () => {
  const codesOf = (...files: readonly string[]): ReadonlySet<string> =>
    new Set(
      files.flatMap((file) =>
        readVectors(file).vectors.flatMap(({ expected }) => (expected.verdict === 'refused' ? [expected.code] : [])),
      ),
    );
  const page = readFileSync(join(import.meta.dirname, '../../docs/protocol.md'), 'utf8');
  const table = /generated: problems -->([^]*?)<!-- end/.exec(page)?.[1] ?? '';
  const documented = Array.from(table.matchAll(/^\| [45]\d\d \| `([a-z-]+)` \|/gm), ([, code = '']) => code);
  const json = codesOf('json-ed25519', 'json-p256');
  const cose = codesOf('cose-ed25519', 'cose-p256');
  // These take a network in a certain state, which no batch is.
  const state = ['retired-device', 'unknown-device', 'region-not-open', 'wrong-region', 'internal', 'region-unavailable'];
  expect(documented.filter((code) => !json.has(code) && !cose.has(code)).toSorted()).toEqual(state.toSorted());
  expect([...json, ...cose].filter((code) => !documented.includes(code))).toEqual([]);
  const ofHttpAlone = ['unsigned', 'weak-coverage', 'bad-nonce', 'invalid-device', 'digest-mismatch', 'not-json'];
  const ofBodies = ['bad-gzip', 'body-too-large', 'inflated-too-large', 'weak-key'];
  expect([...json].filter((code) => !cose.has(code)).toSorted()).toEqual([...ofHttpAlone, ...ofBodies].toSorted());
});
