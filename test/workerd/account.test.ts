/** The account object on real workerd: exact under concurrency, and over evictions at every step. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeEach, expect, test } from 'vitest';
import type { OwnerAddress } from '../../core/ids.ts';
import type { NewKey } from '../../core/credits/api-key.ts';
import type { SpendOrder, TopUp } from '../../durable-objects/account/api.ts';
import { accountStub } from '../../durable-objects/stub.ts';

const PRICE = '10000';
const DEVICE = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp';
const BOUGHT = { quantities: ['pm25'], fromMs: 1000, untilMs: 2000 };
const ANSWER = {
  contentType: 'text/plain',
  body: 'rows',
  served: [{ device: DEVICE, units: 24 }],
  bought: BOUGHT,
};
const LEASE_MS = 60_000;

let made = 0;
let payer: OwnerAddress;

beforeEach(() => {
  made += 1;
  payer = `0x${made.toString(16).padStart(40, '0')}` as OwnerAddress;
});

const account = () => accountStub(env.ACCOUNT, 10, payer);
const keyOf = (more: Partial<NewKey> = {}): NewKey => ({
  hash: 'aa'.repeat(32),
  name: 'script',
  scopes: ['read'],
  expiresMs: null,
  monthlyLimit: null,
  ...more,
});
const topUpOf = (amount: bigint, nonce = '0x01', key: NewKey | null = keyOf()): TopUp => ({
  payer,
  nonce,
  amount: String(amount),
  transaction: '0xfe',
  key,
  finalMs: null,
});
const orderOf = (n: number, more: Partial<SpendOrder> = {}): SpendOrder => ({
  id: `${payer}-${n}`,
  keyHash: keyOf().hash,
  idempotencyKey: `i${n}`,
  query: 'q1',
  scope: 'read',
  ...more,
});
const money = async () => {
  const seen = await account().overview();
  return { balance: seen?.balance, held: seen?.held };
};
/** Whatever the day is, and should it end meanwhile. */
const EVER = { from: '2000-01-01', until: '9999-01-01', key: null, after: null, limit: 10 };

test('a payment is credited once, however often it is brought and whatever is evicted in between', async () => {
  await account().credit(topUpOf(1_000_000n));
  await evictDurableObject(account());
  await Promise.all([1, 2, 3].map(() => account().credit(topUpOf(1_000_000n))));
  await account().credit(topUpOf(5n, '0x02', null));
  expect(await account().overview()).toMatchObject({
    balance: '1000005',
    toppedUp: '1000005',
    keys: [{ name: 'script' }],
  });
});

test('of fifty spends at once, exactly as many come through as the balance pays for', async () => {
  await account().credit(topUpOf(20n * BigInt(PRICE) + 1n));
  const holds = await Promise.all(Array.from({ length: 50 }, (_, n) => account().hold(orderOf(n), PRICE)));
  const held = holds.flatMap((reply, n) => (reply.status === 'held' ? [n] : []));
  expect(held).toHaveLength(20);
  expect(holds.filter(({ status }) => status === 'exhausted')).toHaveLength(30);
  expect(holds.find(({ status }) => status === 'exhausted')).toEqual({ status: 'exhausted', available: '1' });
  await evictDurableObject(account());
  expect(await money()).toEqual({ balance: '200001', held: '200000' });
  const spent = await Promise.all(held.map((n) => account().spend(orderOf(n), ANSWER)));
  expect(spent.every(({ status }) => status === 'spent')).toBe(true);
  expect(await money()).toEqual({ balance: '1', held: '0' });
  const [usage] = await account().usage(EVER);
  expect(usage).toMatchObject({ queries: 20, units: 480, usdc: '200000' });
});

test('one purchase is charged once: a repeated spend, a resend, and a parallel request with its idempotency key', async () => {
  await account().credit(topUpOf(1_000_000n));
  expect(await account().hold(orderOf(1), PRICE)).toEqual({ status: 'held' });
  expect(await account().hold(orderOf(1), PRICE)).toEqual({ status: 'held' });
  expect(await account().recall(orderOf(2, { idempotencyKey: 'i1' }))).toEqual({ status: 'in-flight' });
  const first = await account().spend(orderOf(1), ANSWER);
  await evictDurableObject(account());
  expect(await account().spend(orderOf(1), { ...ANSWER, body: 'other rows' })).toEqual(first);
  const again = orderOf(3, { idempotencyKey: 'i1' });
  expect(await account().recall(again)).toMatchObject({ status: 'spent', answer: ANSWER });
  expect(await account().hold(again, PRICE)).toMatchObject({ status: 'spent', answer: ANSWER });
  expect(await account().recall({ ...again, query: 'q2' })).toEqual({ status: 'other-query' });
  expect(await money()).toEqual({ balance: '990000', held: '0' });
});

test('an answer in bytes comes back in bytes', async () => {
  await account().credit(topUpOf(1_000_000n));
  await account().hold(orderOf(1), PRICE);
  const body = Uint8Array.from([0, 255, 1]);
  await account().spend(orderOf(1), { ...ANSWER, body });
  expect(await account().recall(orderOf(2, { idempotencyKey: 'i1' }))).toMatchObject({ answer: { body } });
});

test('a hold that is released, or whose lease has run out, holds nothing and is never charged', async () => {
  await account().credit(topUpOf(BigInt(PRICE)));
  await account().hold(orderOf(1), PRICE);
  await account().release(orderOf(1));
  expect(await account().spend(orderOf(1), ANSWER)).toEqual({ status: 'lapsed' });
  await account().hold(orderOf(2), PRICE);
  await age(LEASE_MS);
  expect(await money()).toEqual({ balance: PRICE, held: '0' });
  expect(await account().hold(orderOf(3), PRICE)).toEqual({ status: 'held' });
  expect(await account().spend(orderOf(2), ANSWER)).toEqual({ status: 'lapsed' });
  expect((await account().spend(orderOf(3), ANSWER)).status).toBe('spent');
  // What is spent stays spent.
  await account().release(orderOf(3));
  expect(await money()).toEqual({ balance: '0', held: '0' });
});

test('a key buys in its scope, under its monthly limit, until it expires or is revoked', async () => {
  await account().credit(topUpOf(1_000_000n, '0x01', keyOf({ monthlyLimit: '15000' })));
  expect(await account().hold(orderOf(1, { scope: 'export' }), PRICE)).toMatchObject({ status: 'out-of-scope' });
  expect(await account().hold(orderOf(1, { keyHash: 'bb'.repeat(32) }), PRICE)).toEqual({ status: 'unknown-key' });
  expect((await account().hold(orderOf(1), PRICE)).status).toBe('held');
  expect(await account().hold(orderOf(2), PRICE)).toEqual({ status: 'key-limit', limit: '15000', spent: PRICE });
  await account().spend(orderOf(1), ANSWER);
  expect(await account().hold(orderOf(2), PRICE)).toEqual({ status: 'key-limit', limit: '15000', spent: PRICE });

  const old = keyOf({ hash: 'cc'.repeat(32), expiresMs: Date.now() - 1 });
  const untilMs = Date.now() + 60_000;
  expect((await account().makeKey(old, { nonce: 'n1', untilMs })).status).toBe('done');
  expect((await account().hold(orderOf(3, { keyHash: old.hash }), PRICE)).status).toBe('key-expired');
  const id = keyOf().hash.slice(0, 16);
  expect(await account().revokeKey('00'.repeat(8), { nonce: 'n2', untilMs })).toEqual({
    status: 'refused',
    why: 'no-such-key',
  });
  expect((await account().revokeKey(id, { nonce: 'n3', untilMs })).status).toBe('done');
  await evictDurableObject(account());
  expect((await account().hold(orderOf(4), PRICE)).status).toBe('key-revoked');
  expect((await account().recall(orderOf(1))).status).toBe('key-revoked');
});

test('a signature makes one key, and none without a top-up', async () => {
  const signIn = { nonce: 'n1', untilMs: Date.now() + 60_000 };
  expect(await account().makeKey(keyOf(), signIn)).toEqual({ status: 'refused', why: 'no-account' });
  expect(await account().overview()).toBeNull();
  const tables = await runInDurableObject(account(), (_, { storage }) =>
    storage.sql.exec(`SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'`).toArray(),
  );
  expect(tables).toEqual([]);
  await account().credit(topUpOf(1n, '0x01', null));
  expect((await account().makeKey(keyOf(), signIn)).status).toBe('done');
  expect(await account().makeKey(keyOf({ hash: 'dd'.repeat(32) }), signIn)).toEqual({
    status: 'refused',
    why: 'sign-in-used',
  });
});

test('each spend is one sale in the database once a final top-up pays for it, whatever is evicted in between', async () => {
  const salesOf = async () => {
    const ids = [1, 2, 3].map((n) => `credit:${payer}:${n}`);
    const { results } = await env.DB.prepare('SELECT * FROM sale WHERE id IN (?, ?, ?) ORDER BY id')
      .bind(...ids)
      .all();
    return results;
  };
  await account().credit(topUpOf(2n * BigInt(PRICE)));
  await account().credit(topUpOf(2n * BigInt(PRICE), '0x02', null));
  for (const n of [1, 2, 3]) {
    await account().hold(orderOf(n), PRICE);
    await account().spend(orderOf(n), ANSWER);
    await evictDurableObject(account());
  }
  await runDurableObjectAlarm(account());
  expect(await salesOf()).toEqual([]);

  const finalMs = Date.now() + 5000;
  for (let repeat = 0; repeat < 2; repeat++) await account().credit({ ...topUpOf(2n * BigInt(PRICE)), finalMs });
  await evictDurableObject(account());
  expect(await runDurableObjectAlarm(account())).toBe(true);
  const sale = (n: number, soldMs: number) => ({
    id: `credit:${payer}:${n}`,
    kind: 'credit',
    usdc: PRICE,
    served: JSON.stringify([[DEVICE, 24]]),
    bought: JSON.stringify([BOUGHT.quantities, BOUGHT.fromMs, BOUGHT.untilMs]),
    transaction_hash: null,
    // Never before the top-up that it was bought with.
    sold_ms: soldMs,
    epoch: null,
  });
  expect(await salesOf()).toEqual([1, 2].map((n) => sale(n, finalMs + 1)));
  expect(await money()).toEqual({ balance: PRICE, held: '0' });

  await account().credit({ ...topUpOf(2n * BigInt(PRICE), '0x02', null), finalMs: finalMs + 10 });
  await runDurableObjectAlarm(account());
  expect(await salesOf()).toEqual([sale(1, finalMs + 1), sale(2, finalMs + 1), sale(3, finalMs + 11)]);
});

test('answers are dropped after a day, usage is not', async () => {
  await account().credit(topUpOf(1_000_000n));
  await account().hold(orderOf(1), PRICE);
  await account().spend(orderOf(1), ANSWER);
  await age(24 * 3600 * 1000 + 1);
  await runDurableObjectAlarm(account());
  expect(await account().recall(orderOf(1))).toEqual({ status: 'new' });
  expect(await money()).toEqual({ balance: '990000', held: '0' });
  expect(await account().usage(EVER)).toHaveLength(1);
});

test('usage goes on after the last row of a page, and can be of one key', async () => {
  await account().credit(topUpOf(1n));
  await runInDurableObject(account(), (_, { storage }) => {
    for (const [day, key] of [
      ['2026-01-01', 'a'],
      ['2026-01-01', 'b'],
      ['2026-01-02', 'a'],
    ])
      storage.sql.exec(`INSERT INTO usage_day VALUES (?, ?, 1, 1, '1')`, day, key);
  });
  const ask = async (more: object) =>
    (await account().usage({ from: '2026-01-01', until: '2026-01-03', key: null, after: null, limit: 2, ...more })).map(
      ({ day, key }) => `${day} ${key}`,
    );
  expect(await ask({})).toEqual(['2026-01-01 a', '2026-01-01 b']);
  expect(await ask({ after: { day: '2026-01-01', key: 'b' } })).toEqual(['2026-01-02 a']);
  expect(await ask({ key: 'a' })).toEqual(['2026-01-01 a', '2026-01-02 a']);
  expect(await ask({ until: '2026-01-02', key: 'a' })).toEqual(['2026-01-01 a']);
});

/** As if this much time had passed since everything that the account remembers of its spends. */
async function age(ms: number): Promise<void> {
  await runInDurableObject(account(), (_, { storage }) => {
    storage.sql.exec('UPDATE spend SET lease_until_ms = lease_until_ms - ?1, at_ms = at_ms - ?1', ms);
  });
}
