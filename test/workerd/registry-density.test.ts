/** What the registry answers about a place hangs on no other device: else whoever moves a device about could find a stranger's. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { cellToVertexes, vertexToLatLng } from 'h3-js';
import { expect, test } from 'vitest';
import type { ExactPosition } from '../../core/lifecycle/position.ts';
import type { ActDomain } from '../../core/lifecycle/typed-data.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import type { RegistryAnswer } from '../../schema/api/registry.ts';
import { recordCharter } from '../../worker/adapters/d1/regions.ts';
import { app } from '../../worker/registry/app.ts';
import {
  claimOf,
  makeAct,
  newKey,
  newOwner,
  nowSeconds,
  placedAt,
  positionAt,
  sendAct,
  signAct,
} from '../support/lifecycle.ts';
import { charterOf } from '../support/region-log.ts';

const API = 'http://isobar.test';
const DOMAIN: ActDomain = { chainId: 10, contract: `0x${'0'.repeat(39)}2` };
const MADRID = placedAt(positionAt(40.4168, -3.7038));
const METERS_A_DEGREE = 111_195;

const region = env.REGION.getByName(MADRID.region);
const charter = charterOf(LOCAL_RULES, MADRID.region, 20);
await region.charter(charter);
await recordCharter(env.DB, charter, await region.summary());

const ask: typeof fetch = async (input, init) => {
  const context = createExecutionContext();
  const response = await app.fetch(new Request(input, init), env, context);
  await waitOnExecutionContext(context);
  return response;
};

/** All but what is of the act and the key. */
async function factsOf(response: Response) {
  expect(response.status).toBe(201);
  const {
    device: _device,
    owner: _owner,
    ingestUrl: _url,
    version: _version,
    act: _act,
    ...facts
  } = await response.json<RegistryAnswer>();
  return facts;
}

async function claim(position: ExactPosition) {
  const [key, owner] = [await newKey(), newOwner()];
  const act = claimOf(key, owner, position, { issuedAt: nowSeconds() - 60 });
  const members = { ownerSignature: await signAct(owner, act, DOMAIN) };
  const headers = { 'isobar-position': JSON.stringify(position) };
  return { key, owner, facts: await factsOf(await sendAct(API, act, { members, devices: [key], headers }, ask)) };
}

/** Metres to north and east of a corner where three places meet; their centres are some 1.2 km from it. */
type Offset = readonly [number, number];
const offset: fc.Arbitrary<Offset> = fc.tuple(
  fc.integer({ min: -1200, max: 1200 }),
  fc.integer({ min: -1200, max: 1200 }),
);

test('wherever earlier devices stand, a claim and a move are answered by their own public place alone', async () => {
  const [corner] = cellToVertexes(MADRID.place);
  const [latitude, longitude] = vertexToLatLng(corner ?? '');
  /** With a salt of its own each time, so that the same place makes another act. */
  const at = ([north, east]: Offset): ExactPosition =>
    positionAt(
      latitude + north / METERS_A_DEGREE,
      longitude + east / METERS_A_DEGREE / Math.cos((latitude * Math.PI) / 180),
    );
  const probe = await claim(at([0, 0]));
  const visit = async (to: Offset) => {
    const position = at(to);
    const act = makeAct('relocate', { device: probe.key.did, owner: probe.owner.address, ...placedAt(position) });
    const members = { ownerSignature: await signAct(probe.owner, act, DOMAIN), position };
    return factsOf(await sendAct(API, act, { members }, ask));
  };
  const isShared = new Set<boolean>();
  await fc.assert(
    fc.asyncProperty(offset, offset, async (earlier, probed) => {
      const before = await visit(probed);
      const station = await claim(at(earlier));
      expect(await visit(probed)).toEqual(before);
      const { place } = placedAt(at(probed));
      expect(before).toMatchObject({ place, density: place });
      expect((await claim(at(probed))).facts).toMatchObject({ place, density: place });
      isShared.add(station.facts.place === place);
    }),
    {
      numRuns: 8,
      examples: [
        // 2 m and 400 m apart over a border, and beside each other in one place.
        [[1, 0], [-1, 0]],
        [[200, 0], [-200, 0]],
        [[200, 0], [200, 0]],
      ], // prettier-ignore
    },
  );
  expect(isShared.size).toBe(2);
});
