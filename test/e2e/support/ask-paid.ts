/** What is paid, signed or told, asked through the generated client: every route once with success, and what comes before it. */
import { expect } from 'vitest';
import { rfc3339 } from '../../../core/time.ts';
import type { NewKeyAnswer, TopUpAnswer } from '../../../schema/api/credits.ts';
import type { ExportAnswer, ExportSold } from '../../../schema/api/exports.ts';
import type { EpochAnswer } from '../../../schema/api/public.ts';
import type { StreamSold } from '../../../schema/api/stream.ts';
import type { WebhookCreated } from '../../../schema/api/webhooks.ts';
import type { Wallet } from '../../../scripts/lib/sign-in.ts';
import type { Judge } from '../../support/api-judge.ts';
import type { Receiver } from '../../support/receiver.ts';
import { until } from '../../support/until.ts';
import { authorizationOf } from '../../support/wallet.ts';
import type { Asked, GeneratedClient } from './generated-client.ts';

export type Answer = { readonly status: number; readonly data: unknown; readonly error: { readonly code?: string } };

export type Session = {
  readonly api: string;
  readonly client: GeneratedClient;
  readonly judge: Judge;
  /** Asks by the generated function; the judge has the last word on the answer. */
  readonly ask: (operation: string, asked?: Asked) => Promise<Answer>;
  /** As the judge's, and pays what a 402 asks for. */
  readonly paying: typeof fetch;
  /** Of whoever pays. */
  readonly wallet: Wallet;
  /** A device that measured in the epoch, and measures now. */
  readonly device: string;
  readonly cell: string;
  readonly epoch: EpochAnswer;
  readonly hourMs: number;
};

const CHAIN_ID = 10;

const bearer = (key: string, more: Readonly<Record<string, string>> = {}): Asked => ({
  headers: { authorization: `Bearer ${key}`, ...more },
});

async function signed({ api, wallet }: Session, path: string, changeBy?: 'POST' | 'DELETE'): Promise<Asked> {
  return { headers: { authorization: await authorizationOf(wallet, new URL(path, api), CHAIN_ID, changeBy) } };
}

function firstHours({ device, epoch, hourMs }: Session) {
  return {
    device: [device],
    quantity: ['temp'],
    from: epoch.start,
    until: rfc3339(Date.parse(epoch.start) + 4 * hourMs),
  };
}

export async function askQueries(session: Session): Promise<void> {
  const { ask, paying } = session;
  const query = firstHours(session);
  expect(await ask('getObservations', { query })).toMatchObject({ status: 402, error: { code: 'payment-required' } });
  expect(await ask('getObservations', { query: { ...query, 'dry-run': 'true' } })).toMatchObject({
    status: 200,
    data: { deviceQuantityHours: 4 },
  });
  expect(await ask('getObservations', { query, fetch: paying })).toMatchObject({
    status: 200,
    data: { observations: [{}, {}, {}, {}] },
  });
  const fields = { ...query, fields: ['start', 'value'] };
  expect(await ask('getObservations', { query: fields, fetch: paying })).toMatchObject({ status: 200 });
  expect(await ask('getObservations', { query: { ...query, format: 'geojson' }, fetch: paying })).toMatchObject({
    status: 200,
  });
  const { quantity: _all, ...anomalies } = query;
  expect(await ask('getAnomalies', { query: anomalies })).toMatchObject({ status: 402 });
  expect(await ask('getAnomalies', { query: { ...anomalies, 'dry-run': 'true' } })).toMatchObject({
    status: 200,
    data: { devices: 1 },
  });
  // That nothing was found is an answer, too.
  expect(await ask('getAnomalies', { query: anomalies, fetch: paying })).toMatchObject({
    status: 200,
    data: { anomalies: expect.any(Array) },
  });
}

export async function askProof({ ask, paying, device, epoch, hourMs }: Session): Promise<void> {
  const query = { device, quantity: 'temp', t: rfc3339(Date.parse(epoch.start) + hourMs / 2) };
  const quote = await until('the epoch is on the chain', 60_000, async () => {
    const asked = await ask('getProof', { query: { ...query, 'dry-run': 'true' } });
    return asked.status === 409 ? null : asked;
  });
  expect(quote).toMatchObject({ status: 200, data: { readings: 1 } });
  expect(await ask('getProof', { query })).toMatchObject({ status: 402 });
  expect(await ask('getProof', { query, fetch: paying })).toMatchObject({
    status: 200,
    data: { format: 'isobar-proof-1', claim: { readings: [{ time: query.t }] } },
  });
}

export async function askExport(session: Session): Promise<void> {
  const { ask, paying } = session;
  const body = { ...firstHours(session), format: 'csv' };
  const tooYoung = { ...body, until: rfc3339(Date.now()) };
  expect(await ask('postExport', { body: tooYoung })).toMatchObject({ status: 422, error: { code: 'not-closed-yet' } });
  expect(await ask('postExport', { body })).toMatchObject({ status: 402 });
  expect(await ask('postExport', { body: { ...body, 'dry-run': true } })).toMatchObject({
    status: 200,
    data: { deviceQuantityHours: 4 },
  });
  const ordered = await ask('postExport', { body, fetch: paying });
  expect(ordered.status).toBe(200);
  const { id, token } = ordered.data as ExportSold;
  const mine = { path: { id }, query: { token } };
  const links = await until('the export is done', 30_000, async () => {
    const stands = await ask('getExport', mine);
    expect([200, 202]).toContain(stands.status);
    return (stands.data as ExportAnswer).links;
  });
  const [, pass = ''] = /\/files\/([^/]+)\//.exec(links.manifest) ?? [];
  const file = (path: string, headers = {}) => ask('getExportFile', { path: { id, pass, path }, headers });
  expect(await file('manifest.json')).toMatchObject({ status: 200, data: { rows: 4 } });
  expect(await file('links.txt')).toMatchObject({ status: 200 });
  expect(await file('observations.csv')).toMatchObject({ status: 200 });
  expect(await file('observations.csv', { range: 'bytes=0-9' })).toMatchObject({ status: 206 });
  expect(await file('observations.csv', { range: 'bytes=99999999-' })).toMatchObject({ status: 416 });
  expect(await file('other.csv')).toMatchObject({ status: 404, error: { code: 'no-such-file' } });
  // Nothing failed: it stays as it is.
  expect(await ask('postExportRestart', mine)).toMatchObject({ status: 200, data: { status: 'done' } });
}

export async function askStream(session: Session): Promise<void> {
  const { ask, paying, device, cell } = session;
  const body = { device: [device], quantity: ['temp'], minutes: 1 };
  expect(await ask('postStream', { body: { ...body, 'dry-run': true } })).toMatchObject({ status: 200 });
  expect(await ask('postStream', { body })).toMatchObject({ status: 402 });
  const nothing = { ...body, quantity: ['co2'] };
  expect(await ask('postStream', { body: nothing, fetch: paying })).toMatchObject({ status: 404 });
  const bought = await ask('postStream', { body, fetch: paying });
  expect(bought.status).toBe(200);
  const { pass } = bought.data as StreamSold;
  expect(await firstEvent(session, { query: { pass } })).toMatchObject({ regions: [cell] });
  expect(await firstEvent(session, { query: { cell } })).toMatchObject({ type: 'hello', cell });
}

/** By the client's own reader of events. */
async function firstEvent({ client, judge }: Session, asked: Asked): Promise<unknown> {
  const listening = new AbortController();
  const answered = await client['getStream']?.({ fetch: judge.fetch, signal: listening.signal, ...asked });
  try {
    for await (const event of answered?.stream ?? []) {
      judge.hold(['paths', '/v1/stream', 'get', 'responses', '200', 'content', 'text/event-stream', 'schema'], event);
      return event;
    }
  } finally {
    listening.abort();
  }
  throw new Error('the stream ended before its first event');
}

export async function askCredits(session: Session): Promise<void> {
  const { ask, paying, wallet } = session;
  const order = { amount: '1', key: { name: 'first' } };
  expect(await ask('postTopUp', { body: order })).toMatchObject({ status: 402 });
  const toppedUp = await ask('postTopUp', { body: order, fetch: paying });
  expect(toppedUp).toMatchObject({ status: 200, data: { account: wallet.address.toLowerCase() } });
  const secret = (toppedUp.data as TopUpAnswer).key?.secret ?? '';

  const query = firstHours(session);
  const once = bearer(secret, { 'idempotency-key': 'once' });
  expect(await ask('getObservations', { ...once, query })).toMatchObject({ status: 200 });
  expect(await ask('getObservations', { ...once, query: { ...query, quantity: ['pm25'] } })).toMatchObject({
    status: 422,
    error: { code: 'idempotency-key-reused' },
  });
  const unreadable = bearer(secret, { 'idempotency-key': 'a b' });
  expect(await ask('getObservations', { ...unreadable, query })).toMatchObject({ status: 400 });
  expect(await ask('postExport', { ...bearer(secret), body: query })).toMatchObject({
    status: 403,
    error: { code: 'key-out-of-scope' },
  });
  expect(await ask('getCredits', bearer(secret))).toMatchObject({
    status: 200,
    data: { balance: { usdc: '0.99' }, key: { name: 'first' } },
  });
  expect(await ask('getCredits', await signed(session, '/v1/credits'))).toMatchObject({
    status: 200,
    data: { key: null },
  });
  expect(await ask('getCreditsUsage', bearer(secret))).toMatchObject({
    status: 200,
    data: { usage: [{ queries: 1 }] },
  });
  expect(await ask('getCreditsUsage', { ...bearer(secret), query: { from: 'x' } })).toMatchObject({ status: 400 });
  expect(await ask('getKeys', await signed(session, '/v1/credits/keys'))).toMatchObject({
    status: 200,
    data: { keys: [{ name: 'first' }] },
  });
  const signature = await signed(session, '/v1/credits/keys', 'POST');
  const body = { name: 'second', scopes: ['read', 'stream'], monthlyLimit: '0.001' };
  const made = await ask('postKey', { ...signature, body });
  expect(made.status).toBe(201);
  expect(await ask('postKey', { ...signature, body })).toMatchObject({ status: 401, error: { code: 'sign-in-used' } });
  const second = made.data as NewKeyAnswer;
  expect(await ask('getObservations', { ...bearer(second.secret), query })).toMatchObject({
    status: 403,
    error: { code: 'key-limit-reached' },
  });
  const revoke = async (id: string) =>
    ask('deleteKey', { ...(await signed(session, `/v1/credits/keys/${id}`, 'DELETE')), path: { id } });
  expect(await revoke(second.id)).toMatchObject({ status: 200, data: { name: 'second' } });
  expect(await revoke('0'.repeat(16))).toMatchObject({ status: 404, error: { code: 'no-such-key' } });
  expect(await ask('getCredits', bearer(second.secret))).toMatchObject({ status: 401, error: { code: 'key-revoked' } });
}

export async function askWebhooks(session: Session, receiver: Receiver): Promise<void> {
  const { ask, cell, judge } = session;
  const create = async (body: object) =>
    ask('postWebhook', { ...(await signed(session, '/v1/webhooks', 'POST')), body });
  const fields = { url: receiver.url, on: 'threshold', quantity: 'temp', above: 60, cell };
  expect(await create({ ...fields, below: 1 })).toMatchObject({ status: 400, error: { code: 'bad-field' } });
  const created = await create(fields);
  expect(created).toMatchObject({ status: 201, data: { on: 'threshold', above: 60, cell } });
  const { id, secret } = created.data as WebhookCreated;
  const message = await until('a test message', 20_000, async () => receiver.received[0] ?? null);
  const place = ['webhooks', 'webhook.test', 'post', 'requestBody', 'content', 'application/json', 'schema'];
  judge.hold(place, receiver.open(message, secret));
  expect(await ask('getWebhooks', await signed(session, '/v1/webhooks'))).toMatchObject({
    status: 200,
    data: { webhooks: [{ id }] },
  });
  const own = async (operation: string, part: string, changeBy?: 'POST' | 'DELETE', of = id) =>
    ask(operation, { ...(await signed(session, `/v1/webhooks/${of}${part}`, changeBy)), path: { id: of } });
  expect(await own('postWebhookTest', '/test', 'POST')).toMatchObject({ status: 202 });
  expect(await own('getDeliveries', '/deliveries')).toMatchObject({
    status: 200,
    data: { deliveries: [{ type: 'webhook.test' }, { type: 'webhook.test' }] },
  });
  expect(await own('deleteWebhook', '', 'DELETE')).toMatchObject({ status: 204 });
  for (const [operation, part, changeBy] of [
    ['postWebhookTest', '/test', 'POST'],
    ['getDeliveries', '/deliveries', undefined],
    ['deleteWebhook', '', 'DELETE'],
  ] as const)
    expect(await own(operation, part, changeBy, 'none'), operation).toMatchObject({
      status: 404,
      error: { code: 'no-such-webhook' },
    });
}
