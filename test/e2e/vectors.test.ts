/**
 * The vectors of sensors/vectors, made again for a running network's address and clock by what made the published ones, and posted to
 * it over real HTTP: what is good is stored as stated, what is bad is refused with its code and costs the device nothing.
 */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RegionCell } from '../../core/ids.ts';
import { ingestUrlPath } from '../../core/ingest/tag.ts';
import { createAdminClient, type DeviceRecord, orRefuse } from '../../scripts/admin-client.ts';
import { publicPlaceOf, regionBoundary } from '../../scripts/place.ts';
import { vectorKey } from '../../scripts/vector-sets/keys.ts';
import { ALGORITHMS, FORMS, publishedWorld, vectorsOf } from '../../scripts/vector-sets/sets.ts';
import type { Vector, World } from '../../scripts/vector-sets/vector.ts';
import { BERLIN, MADRID, upkeep } from '../support/field.ts';
import { type LocalRuntime, startLocalRuntime } from '../support/local-runtime.ts';
import { bodyOf } from '../support/vectors.ts';

const networks: LocalRuntime[] = [];
let cell: RegionCell;

beforeAll(async () => {
  networks.push(await startLocalRuntime(), await startLocalRuntime());
});
afterAll(async () => {
  for (const network of networks) await network.stop();
});

type Answer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

/** By hand, since fetch names the host itself and writes a path in its own way. */
function post(api: string, vector: Vector): Promise<Answer> {
  const { hostname, port } = new URL(api);
  const { method, path, authority, headers } = vector;
  return new Promise((resolve, reject) => {
    const sent = request(
      { hostname, port, method, path, headers: { ...headers, host: authority }, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const body = JSON.parse(Buffer.concat(chunks).toString()) as Answer['body'];
          resolve({ status: response.statusCode ?? 0, body });
        });
      },
    );
    sent.on('error', reject);
    sent.end(bodyOf(vector));
  });
}

/** A new device in a region of the network; the vectors of both forms would otherwise use the same nonces. */
async function worldOf(
  network: LocalRuntime,
  place: typeof MADRID | typeof BERLIN,
  name: string,
  algorithm: World['key']['algorithm'],
): Promise<World> {
  const [key, stranger] = [vectorKey(algorithm, name), vectorKey(algorithm, `${name}, stranger`)];
  const client = createAdminClient(network.api, network.adminToken);
  const publicPlace = publicPlaceOf(place);
  cell = publicPlace.cell;
  orRefuse(await client.putRegion(cell, { name: cell, boundary: regionBoundary(cell) }));
  const record: DeviceRecord = {
    version: 0,
    ...publicPlace,
    status: 'active',
    owner: `0x${'ab'.repeat(20)}`,
    displayName: name,
    elevationM: null,
    tier: 0,
  };
  const { ingestPath: path } = orRefuse(await client.putDevice(key.did, record));
  return {
    nowSeconds: Math.floor(Date.now() / 1000),
    authority: new URL(network.api).host,
    key,
    stranger,
    path,
    strangerPath: ingestUrlPath(cell, stranger.did, network.ingestTagKey),
    slackSeconds: 25,
  };
}

/** The local network's rules differ from the main ones in what is ahead of the clock; both take an hour for too much. */
function receiptOf({ expected }: Vector): object {
  if (expected.verdict !== 'accepted') return {};
  const { device, readings, refused = [] } = expected;
  return { device, region: cell, readings: { accepted: readings.length - refused.length, duplicate: 0, refused } };
}

const SETS = [MADRID, BERLIN].flatMap((place, at) =>
  ALGORITHMS.flatMap((algorithm) => FORMS.map((form) => [form, algorithm, at + 1, place] as const)),
);

describe.each(SETS)('%s, %s, network %i', (form, algorithm, number, place) => {
  test('each vector gets its verdict', async () => {
    const network = networks[number - 1];
    if (!network) throw new Error('two networks run');
    const world = await worldOf(network, place, `${form} ${number}`, algorithm);
    const before = await upkeep(network, cell);
    const vectors = vectorsOf(form, world);
    expect(vectors.map(({ name }) => name)).toEqual(vectorsOf(form, publishedWorld(algorithm)).map(({ name }) => name));
    const wrong: unknown[] = [];
    let accepted = 0;
    for (const vector of vectors) {
      const { expected, name } = vector;
      const { status, body } = await post(network.api, vector);
      const wanted = {
        status: expected.status,
        ...(expected.verdict === 'refused' ? { code: expected.code, ...expected.members } : receiptOf(vector)),
      };
      try {
        expect({ status, ...body }).toMatchObject(wanted);
      } catch {
        wrong.push([name, wanted, status, body]);
      }
      if (expected.verdict === 'accepted') accepted += 1;
    }
    expect(wrong).toEqual([]);
    expect((await upkeep(network, cell)).batches - before.batches).toBe(accepted);
    expect(vectors.length - accepted).toBeGreaterThan(60);
  });
});
