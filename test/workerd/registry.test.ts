/** The registry on real D1 and real regions, which fail on demand where it calls them: whatever was cut off, the same request finishes it. */
import { createExecutionContext, runInDurableObject, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import type { RegionCell } from '../../core/ids.ts';
import type { Act } from '../../core/lifecycle/act.ts';
import type { ExactPosition } from '../../core/lifecycle/position.ts';
import type { ActDomain } from '../../core/lifecycle/typed-data.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import type { RegistryAnswer } from '../../schema/api/registry.ts';
import { RegionStore } from '../../durable-objects/region/store.ts';
import { readDevice } from '../../worker/adapters/d1/devices.ts';
import { recordCharter } from '../../worker/adapters/d1/regions.ts';
import { registerDevice } from '../../worker/adapters/register-device.ts';
import { app } from '../../worker/registry/app.ts';
import { MOST_DEVICES_OF_REGION } from '../../worker/registry/claim-routes.ts';
import type { SigningKey } from '../../sensors/client/key.ts';
import {
  claimOf,
  makeAct,
  newKey,
  newOwner,
  nowSeconds,
  type Owner,
  placedAt,
  positionAt,
  type Send,
  sendAct,
  signAct,
  signedGet,
} from '../support/lifecycle.ts';
import { charterOf } from '../support/region-log.ts';

const API = 'http://isobar.test';
const DOMAIN: ActDomain = { chainId: 10, contract: `0x${'0'.repeat(39)}2` };
const HERE = positionAt(40.4168, -3.7038);
const THERE = positionAt(52.52, 13.405);
const [WEST, EAST] = [placedAt(HERE).region, placedAt(THERE).region];
const regionOf = (cell: RegionCell) => env.REGION.getByName(cell);

for (const [at, cell] of [WEST, EAST].entries()) {
  const charter = charterOf(LOCAL_RULES, cell, 20 + at * 30);
  await regionOf(cell).charter(charter);
  await recordCharter(env.DB, charter, await regionOf(cell).summary());
}

/** Around what the registry asks of others. What `before` throws is a call that was not made, `after`: an answer that was lost. */
type Border = {
  readonly before?: (called: 'region' | 'database') => Promise<void>;
  readonly after?: () => void;
};

function asking({ before = async () => {}, after = () => {} }: Border): typeof fetch {
  const real = new WeakMap<object, D1PreparedStatement>();
  const watched = (statement: D1PreparedStatement): D1PreparedStatement => {
    const own: D1PreparedStatement = new Proxy(statement, {
      get: (_, method) =>
        method === 'bind'
          ? (...values: unknown[]) => watched(statement.bind(...values))
          : async (...args: unknown[]) => {
              await before('database');
              const call = Reflect.get(statement, method) as (...all: unknown[]) => Promise<unknown>;
              return call.apply(statement, args);
            },
    });
    real.set(own, statement);
    return own;
  };
  const DB: Pick<D1Database, 'prepare' | 'batch'> = {
    prepare: (text) => watched(env.DB.prepare(text)),
    batch: async (statements) => {
      await before('database');
      return env.DB.batch(statements.map((one) => real.get(one) ?? one));
    },
  };
  const getByName = (cell: RegionCell) =>
    new Proxy(env.REGION.getByName(cell), {
      get:
        (stub, method) =>
        async (...args: unknown[]) => {
          await before('region');
          const call = Reflect.get(stub, method) as (...all: unknown[]) => Promise<unknown>;
          const answer = await call(...args);
          after();
          return answer;
        },
    });
  const bindings = { ...env, DB, REGION: { getByName } };
  return async (input, init) => {
    const context = createExecutionContext();
    const response = await app.fetch(new Request(input, init), bindings, context);
    await waitOnExecutionContext(context);
    return response;
  };
}

const send = (act: Act, how: Send, border: Border = {}) => sendAct(API, act, how, asking(border));

/** The call of a region that fails, counted from 0. */
function cutAt(at: number, isHeard: boolean): Border {
  let calls = 0;
  const fail = (): void => {
    calls += 1;
    if (calls === at + 1) throw new Error('unreachable');
  };
  if (isHeard) return { after: fail };
  return {
    before: async (called) => {
      if (called === 'region') fail();
    },
  };
}

/** Does something else first, at the `at`-th call of all. */
function pausedAt(at: number, meanwhile: () => Promise<unknown>): Border & { readonly isOver: () => boolean } {
  let calls = 0;
  return {
    before: async () => {
      calls += 1;
      if (calls === at + 1) await meanwhile();
    },
    isOver: () => calls <= at,
  };
}

type Claimed = { readonly key: SigningKey; readonly owner: Owner };

async function signedClaim(position: ExactPosition, { key, owner }: Claimed): Promise<readonly [Act, Send]> {
  const act = claimOf(key, owner, position, { issuedAt: nowSeconds() - 60 });
  const headers = { 'isobar-position': JSON.stringify(position) };
  return [act, { members: { ownerSignature: await signAct(owner, act, DOMAIN) }, devices: [key], headers }];
}

async function claim(): Promise<Claimed> {
  const made = { key: await newKey(), owner: newOwner() };
  expect((await send(...(await signedClaim(HERE, made)))).status).toBe(201);
  return made;
}

async function signedMove({ key, owner }: Claimed, position: ExactPosition): Promise<readonly [Act, Send]> {
  const act = makeAct('relocate', { device: key.did, owner: owner.address, ...placedAt(position) });
  return [act, { members: { ownerSignature: await signAct(owner, act, DOMAIN), position } }];
}

/** What the logs say of a key, in order: region, version and status. */
async function logged(device: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const cell of [WEST, EAST])
    await runInDurableObject(regionOf(cell), (_, { storage }) => {
      for (const entry of new RegionStore(storage.sql).entries(1))
        if (entry.kind === 'membership' && entry.device === device)
          found.push(`${cell === WEST ? 'west' : 'east'} ${entry.version} ${entry.status}`);
    });
  return found;
}

type Life = (claimed: Claimed) => Promise<readonly [Act, Send]>;
const MOVED = ['west 1 active', 'west 2 retired', 'east 3 active'];
const LIFE: readonly (readonly [string, Life, readonly string[]])[] = [
  [
    'a transfer',
    async ({ key, owner }) => {
      const buyer = newOwner();
      const act = makeAct('transfer', { device: key.did, from: owner.address, to: buyer.address });
      const ownerSignature = await signAct(owner, act, DOMAIN);
      return [act, { members: { ownerSignature, newOwnerSignature: await signAct(buyer, act, DOMAIN) } }];
    },
    ['west 1 active', 'west 2 active'],
  ],
  ['a move', (claimed) => signedMove(claimed, THERE), MOVED],
  [
    'a rotation',
    async ({ key }) => {
      const successor = await newKey();
      return [makeAct('rotate', { device: key.did, successor: successor.did }), { devices: [successor, key] }];
    },
    ['west 1 active'],
  ],
];

test.each(LIFE)(
  '%s that was cut off at any call of a region is finished by the same request, once',
  async (_what, live, log) => {
    let cuts = 0;
    // Of a move both are tried: there the second step hangs on the first.
    for (const isHeard of log === MOVED ? [false, true] : [false])
      for (let at = 0; ; at += 1) {
        const claimed = await claim();
        const [act, how] = await live(claimed);
        const first = await send(act, how, cutAt(at, isHeard));
        if (first.status === 201) break;
        cuts += 1;
        expect([first.status, (await first.json<{ code: string }>()).code]).toEqual([503, 'region-unavailable']);
        const second = await send(act, how);
        const answer = await second.json<RegistryAnswer>();
        expect([200, 201], `cut ${at}`).toContain(second.status);
        const third = await send(act, how);
        expect([third.status, await third.json()]).toEqual([200, answer]);
        expect(await logged(act.device), `cut ${at}`).toEqual(log);
        if (act.kind === 'rotate') expect(await logged(act.successor)).toEqual(['west 1 active']);
        const acts = await env.DB.prepare('SELECT told FROM registry_act WHERE device = ?').bind(act.device).all();
        expect(acts.results).toEqual([{ told: 1 }, { told: 1 }]);
      }
    expect(cuts).toBeGreaterThanOrEqual(2);
  },
);

test.each(LIFE)('%s twice at once is one, whoever is overtaken where', async (_what, live, log) => {
  for (let at = 0; ; at += 1) {
    const claimed = await claim();
    const [act, how] = await live(claimed);
    const faster: Response[] = [];
    const border = pausedAt(at, async () => faster.push(await send(act, how)));
    const slower = await send(act, how, border);
    if (border.isOver()) return expect(at).toBeGreaterThan(5);
    expect([200, 201], `overtaken at ${at}`).toContain(slower.status);
    expect(faster.map(({ ok }) => ok)).toEqual([true]);
    expect(await logged(claimed.key.did), `overtaken at ${at}`).toEqual(log);
  }
});

test('a move that waits halfway is finished by the next request, though the first one overtakes that', async () => {
  for (let at = 0; ; at += 1) {
    const claimed = await claim();
    const [act, how] = await signedMove(claimed, THERE);
    let goOn = (): void => {};
    const waiting = new Promise<void>((resolve) => (goOn = resolve));
    let calls = 0;
    let halfway = (): void => {};
    const isHalfway = new Promise<void>((resolve) => (halfway = resolve));
    // The first call says again what the region knows; at the second one the row names a device that is on its way.
    const before: Border['before'] = async (called) => {
      calls += called === 'region' ? 1 : 0;
      if (called !== 'region' || calls !== 2) return;
      halfway();
      await waiting;
    };
    const first = send(act, how, { before });
    await isHalfway;
    const border = pausedAt(at, () => {
      goOn();
      return first;
    });
    const second = await send(act, how, border);
    goOn();
    expect([200, 201], `overtaken at ${at}`).toContain((await first).status);
    expect(second.status, `overtaken at ${at}`).toBe(200);
    expect(await logged(claimed.key.did), `overtaken at ${at}`).toEqual(MOVED);
    if (border.isOver()) return expect(at).toBeGreaterThan(5);
  }
});

test('however many halves strangers leave, the device finds the one with its code; one address may leave so many', async () => {
  const [key, owner] = [await newKey(), newOwner()];
  const path = `/v1/registry/claims/${key.did}`;
  const leave = async (by: Owner, issuedAt: number, CLAIMS_LIMIT?: RateLimit) => {
    const act = claimOf(key, by, HERE, { issuedAt });
    const members = { ownerSignature: await signAct(by, act, DOMAIN), position: HERE };
    const ask: typeof fetch = async (input, init) => app.fetch(new Request(input, init), { ...env, CLAIMS_LIMIT });
    return { act, response: await sendAct(API, act, { method: 'PUT', path, members }, ask) };
  };
  const { act, response } = await leave(owner, nowSeconds());
  expect(response.status).toBe(202);
  const stranger = newOwner();
  for (let at = 0; at < 20; at += 1) expect((await leave(stranger, nowSeconds() + at)).response.status).toBe(202);
  const half = await signedGet(`${API}${path}?code=${act.code}`, key, asking({}));
  expect([half.status, await half.json()]).toMatchObject([200, { act: { owner: act.owner } }]);

  const refused = await leave(stranger, nowSeconds(), { limit: async () => ({ success: false }) });
  expect([refused.response.status, await refused.response.json()]).toMatchObject([429, { code: 'quota-exceeded' }]);
  expect(refused.response.headers.get('ratelimit-policy')).toBe('"claims";q=20;w=60');
});

test('a new key begins at tier 0, and a quarantine goes over to it', async () => {
  const { key, owner } = await claim();
  const known = await readDevice(env.DB, key.did);
  if (known === null) throw new Error('it was claimed');
  const { act: _act, ...word } = known.membership;
  const raised = { cell: WEST, membership: { ...word, tier: 2, status: 'quarantined' } as const };
  expect(await registerDevice(env, raised, 1, Date.now())).toEqual({ ok: true, value: 2 });
  const successor = await newKey();
  const rotation = makeAct('rotate', { device: key.did, successor: successor.did });
  const how = { members: { ownerSignature: await signAct(owner, rotation, DOMAIN) }, devices: [successor] };
  const rotated = await send(rotation, how);
  expect([rotated.status, await rotated.json()]).toMatchObject([201, { status: 'quarantined', tier: 0 }]);
  const heir = await readDevice(env.DB, successor.did);
  expect(heir?.membership).toMatchObject({ status: 'quarantined', tier: 0 });
  expect(await logged(successor.did)).toEqual(['west 1 quarantined']);
  const granted = {
    cell: WEST,
    membership: { ...word, device: successor.did, tier: 1, status: 'quarantined' } as const,
  };
  expect(await registerDevice(env, granted, 1, Date.now())).toEqual({ ok: true, value: 2 });
});

test('a D1 that was lost comes back from the logs: each device is where it is, and no act is carried out twice', async () => {
  const claimed = await claim();
  const { key, owner } = claimed;
  const [buyer, now] = [newOwner(), nowSeconds()];
  const give = async (from: Owner, to: Owner, issuedAt: number) => {
    const act = makeAct('transfer', { device: key.did, from: from.address, to: to.address, issuedAt });
    const ownerSignature = await signAct(from, act, DOMAIN);
    return [act, { members: { ownerSignature, newOwnerSignature: await signAct(to, act, DOMAIN) } }] as const;
  };
  const [there, back] = [await give(owner, buyer, now - 3), await give(buyer, owner, now - 2)];
  const move = await signedMove(claimed, THERE);
  const turned = await claim();
  const successor = await newKey();
  const rotation = makeAct('rotate', { device: turned.key.did, successor: successor.did });
  const rotate = [rotation, { devices: [successor, turned.key] }] as const;
  for (const [act, how] of [there, back, move, rotate]) expect((await send(act, how)).status).toBe(201);
  const logs = async () => [await logged(key.did), await logged(turned.key.did), await logged(successor.did)];
  const before = await logs();

  await env.DB.batch(['device', 'registry_act'].map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
  for (const cell of [EAST, WEST]) await regionOf(cell).refold();
  expect(await readDevice(env.DB, key.did)).toMatchObject({ cell: EAST, membership: { version: 5, status: 'active' } });
  const stale = await send(...there);
  expect([stale.status, await stale.json()]).toMatchObject([409, { code: 'stale-act' }]);
  for (let time = 0; time < 2; time += 1) {
    const moved = await send(...move);
    expect([moved.status, await moved.json()]).toMatchObject([200, { version: 5, region: EAST }]);
    const rotated = await send(...rotate);
    expect([rotated.status, await rotated.json()]).toMatchObject([200, { device: successor.did, version: 1 }]);
  }
  expect(await logs()).toEqual(before);
});

test('a region that is full takes nobody in, and those that are there may move inside it', async () => {
  const inside = await claim();
  await env.DB.prepare(
    `WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < ?1)
     INSERT INTO device (device, version, cell, status, owner, display_name, place, latitude_e5, longitude_e5, elevation_m, tier,
       density, claimed_ms)
     SELECT 'did:key:z6Mkfull' || cell || n, version, cell, status, owner, display_name, place, latitude_e5, longitude_e5,
       elevation_m, tier, density, claimed_ms FROM device, many WHERE device = ?2`,
  )
    .bind(MOST_DEVICES_OF_REGION, inside.key.did)
    .run();
  const made = { key: await newKey(), owner: newOwner() };
  const full = { status: 409, code: 'region-full', limit: MOST_DEVICES_OF_REGION };
  const answerOf = async (response: Response) => ({ ...(await response.json<object>()), status: response.status });
  expect(await answerOf(await send(...(await signedClaim(HERE, made))))).toMatchObject(full);
  expect((await send(...(await signedClaim(THERE, made)))).status).toBe(201);
  expect(await answerOf(await send(...(await signedMove(made, HERE))))).toMatchObject(full);
  expect((await send(...(await signedMove(inside, positionAt(40.43, -3.69))))).status).toBe(201);
  await env.DB.prepare("DELETE FROM device WHERE device GLOB 'did:key:z6Mkfull*'").run();
});
