/**
 * Webhooks on the real runtime, told to a real receiver and checked with the library of the Standard Webhooks: hours and
 * sales are written into the database as regions and settlements would, the rest happens by itself.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { quantityByCode } from '../../core/reading/quantity.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { hourOf, hourStartMs, rfc3339 } from '../../core/time.ts';
import type { DeliveriesAnswer, WebhookCreated, WebhooksAnswer } from '../../schema/api/webhooks.ts';
import { createAdminClient, orRefuse } from '../../scripts/admin-client.ts';
import type { Wallet } from '../../scripts/lib/sign-in.ts';
import { publicPlaceOf } from '../../scripts/place.ts';
import { createJudge } from '../support/api-judge.ts';
import { MADRID } from '../support/field.ts';
import { type LocalRuntime, startLocalRuntime } from '../support/local-runtime.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { newDevice } from '../support/signed-post.ts';
import { until } from '../support/until.ts';
import { authorizationOf, newWallet } from '../support/wallet.ts';

const { cell } = publicPlaceOf(MADRID);
const place = publicPlaceOf(MADRID);
const { time } = LOCAL_RULES;
const PM25 = quantityByCode('pm25') ?? { index: -1, stepsPerUnit: 1 };
const GOOD = 1;
const FAIL = 4;
const CHAIN_ID = 10;

const judge = createJudge();

let network: LocalRuntime;
let receiver: Receiver;
let device: string;
let wallet: Wallet;
/** The newest hour whose values are public when the tests begin. */
let now: number;

beforeAll(async () => {
  network = await startLocalRuntime();
  receiver = await startReceiver();
  ({ did: device } = await newDevice());
  now = hourOf(Date.now() - time.publicationDelaySeconds * 1000, time) - 1;
  await run(`INSERT INTO device (device, version, cell, status, owner, display_name, place, latitude_e5, longitude_e5, tier, density, claimed_ms)
    VALUES ('${device}', 1, '${cell}', 'active', '0x${'ab'.repeat(20)}', 'Roof', '${place.place}', 0, 0, 0, '${place.place}', 0)`);
  await run(`INSERT INTO region (cell, name, rules, rule_set_hash, boundary, first_hour, closed_through, batches, readings, state_hash, slots)
    VALUES ('${cell}', 'Madrid', 'local', '', '[]', 0, ${now - 100}, 0, 0, '', '["${device}"]')`);
});
afterAll(async () => {
  await receiver?.stop();
  await network?.stop();
});
beforeEach(() => {
  wallet = newWallet();
  receiver.received.length = 0;
  receiver.answers.length = 0;
});

async function run(sql: string): Promise<void> {
  await (await network.runtime.database()).prepare(sql).run();
}

async function call(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: object,
  as: Wallet = wallet,
): Promise<Response> {
  const url = new URL(path, network.api);
  const changeBy = method === 'GET' ? undefined : method;
  return fetch(url, {
    method,
    headers: { authorization: await authorizationOf(as, url, CHAIN_ID, changeBy) },
    ...(body && { body: JSON.stringify(body) }),
  });
}

async function create(topic: object): Promise<WebhookCreated> {
  const response = await call('POST', '/v1/webhooks', { url: receiver.url, ...topic });
  expect(response.status).toBe(201);
  return response.json<WebhookCreated>();
}

/** Waits until the receiver has confirmed and the object has looked at the regions once. */
async function createActive(topic: object): Promise<WebhookCreated> {
  const hook = await create(topic);
  await until('the webhook is active', 20_000, async () => {
    const { webhooks } = await (await call('GET', '/v1/webhooks')).json<WebhooksAnswer>();
    return webhooks.some(({ id, state }) => id === hook.id && state === 'active') ? true : null;
  });
  return hook;
}

const messagesOf = (type: string) => receiver.received.filter(({ body }) => body.includes(`"${type}"`));

/** Each is held against the description that receivers are given. */
async function received(type: string, count = 1) {
  const messages = await until(`${count} ${type}`, 30_000, async () =>
    messagesOf(type).length >= count ? messagesOf(type) : null,
  );
  const name = type.startsWith('threshold.') ? 'threshold' : type;
  const place = ['webhooks', name, 'post', 'requestBody', 'content', 'application/json', 'schema'];
  for (const { body } of messages) judge.hold(place, JSON.parse(body));
  return messages;
}

/** As a region's close would write it. */
async function close(hour: number, value: number, flag: number): Promise<void> {
  const steps = value * PM25.stepsPerUnit;
  const cells = JSON.stringify([[0, PM25.index, 1, steps, steps, steps, flag, 0]]);
  await run(`INSERT INTO region_hour (cell, hour, cells) VALUES ('${cell}', ${hour}, '${cells}')`);
  await run(`UPDATE region SET closed_through = ${hour} WHERE cell = '${cell}'`);
}

test('a crossing is told once when it begins and once when it ends, signed, and a flagged hour tells nothing', async () => {
  const hook = await createActive({ on: 'threshold', quantity: 'pm25', above: 35.5, cell });
  const first = now - 60;
  await close(first + 2, 80, FAIL);
  await close(first + 3, 40, GOOD);
  await close(first + 4, 50, GOOD);
  const [raised] = await received('threshold.raised');
  expect(raised && receiver.open(raised, hook.secret)).toMatchObject({
    type: 'threshold.raised',
    data: {
      webhook: hook.id,
      quantity: 'pm25',
      above: 35.5,
      start: rfc3339(hourStartMs(first + 3, time)),
      devices: [{ device, value: 40 }],
    },
  });
  await close(first + 5, 90, FAIL);
  await close(first + 6, 20, GOOD);
  const [cleared] = await received('threshold.cleared');
  expect(cleared && receiver.open(cleared, hook.secret)).toMatchObject({
    data: { start: rfc3339(hourStartMs(first + 6, time)), devices: [{ device, value: 20 }] },
  });
  expect(messagesOf('threshold.raised')).toHaveLength(1);
});

test('a receiver that fails gets the same message again, and may see what became of it', async () => {
  receiver.answers.push(500, 302);
  const hook = await create({ on: 'recall' });
  const twice = await received('webhook.test', 2);
  expect(new Set(twice.map(({ id }) => id)).size).toBe(1);
  // Nor is a redirect followed.
  expect(new Set(receiver.received.map(({ path }) => path))).toEqual(new Set(['/in']));
  const { deliveries } = await (await call('GET', `/v1/webhooks/${hook.id}/deliveries`)).json<DeliveriesAnswer>();
  expect(deliveries).toMatchObject([{ type: 'webhook.test', attempts: 2, state: 'waiting', status: 302 }]);
});

test('a buyer is told that hours it bought were judged false, and that an operator recalled others', async () => {
  const hour = now - 20;
  const soldMs = hourStartMs(hour, time) + 10_000;
  const bought = JSON.stringify([['pm25'], hourStartMs(hour - 10, time), hourStartMs(hour + 1, time)]);
  const sale = `x402:${wallet.address.toLowerCase()}:0x01`;
  await run(
    `INSERT INTO sale (id, kind, usdc, served, bought, sold_ms) VALUES ('${sale}', 'x402', '10000', '[["${device}",3]]', '${bought}', ${soldMs})`,
  );
  await close(hour, 900, FAIL);
  const hook = await createActive({ on: 'recall' });
  const [verdict] = await received('data.recalled');
  expect(verdict && receiver.open(verdict, hook.secret)).toMatchObject({
    data: {
      sale,
      recall: null,
      hours: [{ device, quantity: 'pm25', start: rfc3339(hourStartMs(hour, time)), flag: 4 }],
    },
  });
  const client = createAdminClient(network.api, network.adminToken);
  const from = rfc3339(hourStartMs(hour - 8, time));
  const recall = { from, until: rfc3339(hourStartMs(hour - 7, time)), reason: 'Painted over.', quantities: ['pm25'] };
  orRefuse(await client.addRecall(device, recall));
  const [, recalled] = await received('data.recalled', 2);
  expect(recalled && receiver.open(recalled, hook.secret)).toMatchObject({
    data: { sale, reason: 'Painted over.', recall: { device, quantities: ['pm25'], from } },
  });
  const listed = await fetch(`${network.api}/v1/recalls?device=${device}`);
  expect(await listed.json()).toMatchObject({ recalls: [{ device, reason: 'Painted over.', from }] });
});

test('410 pauses a webhook, and a test message that arrives wakes it again', async () => {
  const hook = await createActive({ on: 'recall' });
  const stateIs = (wanted: string) =>
    until(`the webhook is ${wanted}`, 20_000, async () => {
      const { webhooks } = await (await call('GET', '/v1/webhooks')).json<WebhooksAnswer>();
      return webhooks.some(({ id, state }) => id === hook.id && state === wanted) ? true : null;
    });
  receiver.answers.push(410);
  expect((await call('POST', `/v1/webhooks/${hook.id}/test`)).status).toBe(202);
  await stateIs('paused');
  expect((await call('POST', `/v1/webhooks/${hook.id}/test`)).status).toBe(202);
  await stateIs('active');
});

test('nobody sees or removes that of another wallet', async () => {
  const hook = await createActive({ on: 'recall' });
  const other = newWallet();
  expect((await call('DELETE', `/v1/webhooks/${hook.id}`, undefined, other)).status).toBe(404);
  expect((await call('GET', `/v1/webhooks/${hook.id}/deliveries`, undefined, other)).status).toBe(404);
  expect(await (await call('GET', '/v1/webhooks', undefined, other)).json()).toEqual({ webhooks: [] });
  expect((await call('DELETE', `/v1/webhooks/${hook.id}`)).status).toBe(204);
  expect(await (await call('GET', '/v1/webhooks')).json()).toEqual({ webhooks: [] });
});

test.each([
  [{ on: 'threshold', quantity: 'pm25', above: 1, cell: 'x' }, '/cell'],
  [{ on: 'threshold', quantity: 'smell', above: 1, cell }, '/quantity'],
  [{ on: 'threshold', quantity: 'pm25', cell }, '/above'],
  [{ on: 'threshold', quantity: 'pm25', above: 1, below: 2, cell }, '/above'],
  [{ on: 'recall', cell }, '/cell'],
  [{ on: 'everything' }, '/on'],
  [{ on: 'recall', url: 'http://192.168.0.1/' }, '/url'],
])('a wrong field is named: %j', async (fields, pointer) => {
  const response = await call('POST', '/v1/webhooks', { url: receiver.url, ...fields });
  expect([response.status, await response.json()]).toMatchObject([400, { code: 'bad-field', pointer }]);
});

test('a webhook needs a wallet that signed for making one', async () => {
  const url = new URL('/v1/webhooks', network.api);
  const body = JSON.stringify({ url: receiver.url, on: 'recall' });
  expect((await fetch(url, { method: 'POST', body })).status).toBe(401);
  const authorization = await authorizationOf(wallet, url, CHAIN_ID);
  expect((await fetch(url, { method: 'POST', body, headers: { authorization } })).status).toBe(401);
});
