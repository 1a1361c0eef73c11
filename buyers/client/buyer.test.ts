import fc from 'fast-check';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CHAIN_ID, type Fate, ModelSeller } from '../../test/support/model-seller.ts';
import { Buyer, type BuyerOptions, type Purchase } from './buyer.ts';
import { MemoryStore } from './payment.ts';

const signer = privateKeyToAccount(generatePrivateKey());
const URL_A = 'http://seller/v1/a?x=1&y=2';
const PRICE = 10_000n;

let seller: ModelSeller;
let store: MemoryStore;

beforeEach(() => {
  seller = new ModelSeller();
  store = new MemoryStore();
  // x402 takes the moment of signing from the system's clock.
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.spyOn(Date, 'now').mockImplementation(() => seller.nowMs);
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const buyerWith = (changed: Partial<BuyerOptions> = {}): Buyer =>
  new Buyer({
    signer,
    chainId: CHAIN_ID,
    mostPerPayment: PRICE,
    budget: null,
    store,
    transport: seller.transport,
    ...changed,
  });
const charges = (url = URL_A): number => seller.charged.get(url)?.length ?? 0;
const signatures = (): number => new Set(seller.sent).size;
const reasonOf = (purchase: Purchase): string => (purchase.ok ? 'bought' : purchase.error.reason);

test('an answer is bought once, with its receipt, and the same question again costs nothing', async () => {
  const buyer = buyerWith();
  const first = await buyer.buy({ url: URL_A });
  if (!first.ok) throw new Error(first.error.reason);
  expect(await first.value.response.text()).toBe('answer 1');
  expect(first.value.payment).toMatchObject({ amount: '10000', state: 'settled', payer: signer.address });
  const again = await buyer.buy({ url: 'http://seller/v1/a?y=2&x=1#top' });
  expect(again.ok && (await again.value.response.text())).toBe('answer 1');
  expect([charges(), signatures()]).toEqual([1, 1]);
});

test.each([
  [['pass', 'lost']],
  [['pass', 'reply-lost']],
  [['pass', 'in-flight', 'in-flight']],
  [['pass', 'fail']],
  [['lost', 'pass', 'lost', 'reply-lost', 'in-flight']],
] as [Fate[]][])('after %s the same header brings the answer', async (fates) => {
  seller.fates = fates;
  expect(reasonOf(await buyerWith().buy({ url: URL_A }))).toBe('bought');
  expect([charges(), signatures()]).toEqual([1, 1]);
});

test('waits as long as the server says, and longer from try to try', async () => {
  seller.fates = ['pass', 'in-flight', 'lost', 'lost', 'lost', 'lost', 'lost'];
  await buyerWith().buy({ url: URL_A });
  expect(seller.waits).toEqual([3000, 500, 1000, 2000, 4000, 7500]);
});

test('a settlement that never comes ends the wait, not the payment', async () => {
  seller.fates = ['pass', 'slow'];
  const buyer = buyerWith();
  expect(reasonOf(await buyer.buy({ url: URL_A }))).toBe('unknown');
  expect(seller.waits.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(120_000);
  seller.mine();
  expect(reasonOf(await buyer.buy({ url: URL_A }))).toBe('bought');
  expect([charges(), signatures()]).toEqual([1, 1]);
});

test('a payment is kept before it is sent', async () => {
  const kept: string[] = [];
  const { fetch } = seller.transport;
  const transport = {
    ...seller.transport,
    fetch: async (request: Request) => {
      const header = request.headers.get('PAYMENT-SIGNATURE');
      if (header !== null) kept.push(...(await store.all()).map((known) => known.header));
      return fetch(request);
    },
  };
  await buyerWith({ transport }).buy({ url: URL_A });
  expect(kept).toEqual(seller.sent);
  expect(kept).toHaveLength(1);
});

test('a program that was killed after sending goes on with the same header', async () => {
  seller.fates = ['pass', 'reply-lost'];
  const transport = { ...seller.transport, wait: () => Promise.reject(new Error('killed')) };
  await expect(buyerWith({ transport }).buy({ url: URL_A })).rejects.toThrow('killed');
  expect(reasonOf(await buyerWith().buy({ url: URL_A }))).toBe('bought');
  expect([charges(), signatures()]).toEqual([1, 1]);
});

test('many callers at once share one purchase and get a body each', async () => {
  const buyer = buyerWith();
  const buyings = Array.from({ length: 5 }, () => buyer.buy({ url: URL_A }));
  const bought = await Promise.all(buyings);
  const texts = await Promise.all(bought.map(async (each) => (each.ok ? await each.value.response.text() : '')));
  expect([new Set(texts), signatures()]).toEqual([new Set(['answer 1']), 1]);
});

test('of two programs that sign for one query at once only one payment is sent', async () => {
  const bought = await Promise.all([buyerWith().buy({ url: URL_A }), buyerWith().buy({ url: URL_A })]);
  expect(bought.map(reasonOf)).toEqual(['bought', 'bought']);
  expect([charges(), signatures()]).toEqual([1, 1]);
});

test('a refused payment is sent again, never another, until it can be charged no more', async () => {
  seller.fates = ['pass', 'refuse', 'refuse'];
  const buyer = buyerWith();
  expect(reasonOf(await buyer.buy({ url: URL_A }))).toBe('refused');
  expect(reasonOf(await buyer.buy({ url: URL_A }))).toBe('refused');
  expect(signatures()).toBe(1);
  seller.nowMs += 300_000;
  // Its time has run out by this clock, and the chain's may be late.
  expect(reasonOf(await buyer.buy({ url: URL_A }))).toBe('refused');
  seller.nowMs += 60_001;
  expect(reasonOf(await buyer.buy({ url: URL_A }))).toBe('bought');
  expect([charges(), signatures()]).toEqual([1, 2]);
});

test('the chain settles it: over by its clock, or used, and then nothing new is signed', async () => {
  seller.fates = ['pass', 'refuse'];
  const buyer = buyerWith({ chain: seller.chain });
  await buyer.buy({ url: URL_A });
  seller.nowMs += 300_000;
  expect(reasonOf(await buyer.buy({ url: URL_A }))).toBe('bought');
  expect(signatures()).toBe(2);

  seller.fates = ['pass', 'cheat'];
  const other = 'http://seller/other';
  expect(reasonOf(await buyer.buy({ url: other }))).toBe('refused');
  seller.nowMs += 1_000_000;
  expect(reasonOf(await buyer.buy({ url: other }))).toBe('used-unanswered');
  expect([charges(other), signatures()]).toEqual([1, 3]);
});

test('a chain that does not answer leaves a payment open', async () => {
  seller.fates = ['pass', 'refuse'];
  const buyer = buyerWith({ chain: { look: () => Promise.reject(new Error('down')) } });
  await buyer.buy({ url: URL_A });
  seller.nowMs += 1_000_000;
  expect(reasonOf(await buyer.buy({ url: URL_A }))).toBe('refused');
  expect(signatures()).toBe(1);
});

test('a new answer to the same question is bought only when asked for', async () => {
  const buyer = buyerWith();
  await buyer.buy({ url: URL_A });
  const anew = await buyer.buy({ url: URL_A }, { anew: true });
  expect(anew.ok && (await anew.value.response.text())).toBe('answer 2');
  const again = await buyer.buy({ url: URL_A });
  expect(again.ok && (await again.value.response.text())).toBe('answer 2');
  seller.forget();
  expect(reasonOf(await buyer.buy({ url: URL_A }))).toBe('no-longer-kept');
  expect(charges()).toBe(2);
});

test('neither a payment nor all of them together exceed what the caller allows', async () => {
  expect(await buyerWith({ mostPerPayment: PRICE - 1n }).buy({ url: URL_A })).toEqual({
    ok: false,
    error: { reason: 'over-payment-limit', amount: PRICE, most: PRICE - 1n },
  });
  const buyer = buyerWith({ budget: 2n * PRICE });
  const urls = ['a', 'b', 'c', 'd'].map((name) => `http://seller/${name}`);
  const bought = await Promise.all(urls.map((url) => buyer.buy({ url })));
  expect(bought.map(reasonOf).sort()).toEqual(['bought', 'bought', 'over-budget', 'over-budget']);
  expect(signatures()).toBe(2);
});

test.each([
  [{ asset: `0x${'aa'.repeat(20)}` }, 'wrong-asset'],
  [{ network: 'eip155:8453' }, 'wrong-chain'],
  [{ scheme: 'upto' }, 'wrong-chain'],
  [{ extra: { name: 'USDC', version: '2' } }, 'wrong-domain'],
  [{ extra: { name: 'USD Coin', version: '2', assetTransferMethod: 'permit2' } }, 'wrong-method'],
  [{ amount: '-1' }, 'bad-amount'],
  [{ maxTimeoutSeconds: 31_536_000 }, 'too-long'],
])('an offer with %j is not signed', async (lie, reason) => {
  Object.assign(seller.offer, lie);
  expect(reasonOf(await buyerWith().buy({ url: URL_A }))).toBe(reason);
  expect(await store.all()).toEqual([]);
});

test('a wallet that says no, and a 402 that is no offer, are refusals', async () => {
  const refusing = { ...signer, signTypedData: () => Promise.reject(new Error('the user said no')) };
  expect(await buyerWith({ signer: refusing }).buy({ url: URL_A })).toMatchObject({
    error: { reason: 'not-signed', detail: expect.stringContaining('the user said no') as string },
  });
  const transport = { ...seller.transport, fetch: () => Promise.resolve(new Response('pay!', { status: 402 })) };
  expect(reasonOf(await buyerWith({ transport }).buy({ url: URL_A }))).toBe('malformed-offer');
});

test('what is free needs no payment, and what is refused is told in full', async () => {
  const answer = (status: number, body: string) => ({
    ...seller.transport,
    fetch: () => Promise.resolve(new Response(body, { status })),
  });
  const free = await buyerWith({ transport: answer(200, 'free') }).buy({ url: URL_A });
  expect(free).toMatchObject({ ok: true, value: { payment: null } });
  const missing = JSON.stringify({ code: 'no-such-device', detail: 'No.', remedy: 'Look.' });
  expect(await buyerWith({ transport: answer(404, missing) }).buy({ url: URL_A })).toEqual({
    ok: false,
    error: {
      reason: 'refused',
      problem: { status: 404, code: 'no-such-device', detail: 'No.', remedy: 'Look.' },
      payment: null,
    },
  });
});

test('whatever the network does, a query is charged once, and one more signature is made only when the last is over', async () => {
  const fates = fc.constantFrom<Fate>('pass', 'lost', 'reply-lost', 'slow', 'in-flight', 'refuse', 'fail');
  const step = fc.oneof(
    fc.record({ fates: fc.array(fates, { maxLength: 6 }) }),
    fc.record({ passMs: fc.constantFrom(1000, 200_000, 400_000) }),
    fc.constant('mine' as const),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), fc.boolean(), async (steps, hasChain) => {
      seller = new ModelSeller();
      store = new MemoryStore();
      const options = hasChain ? { chain: seller.chain } : {};
      for (const each of steps) {
        if (each === 'mine') seller.mine();
        else if ('passMs' in each) seller.nowMs += each.passMs;
        else {
          seller.fates = ['pass', ...each.fates];
          // Each time another program, on the same store.
          await buyerWith(options).buy({ url: URL_A });
        }
        const open = (await store.all()).filter((payment) => payment.state === 'signed');
        expect(open.length).toBeLessThanOrEqual(1);
        expect(charges()).toBeLessThanOrEqual(1);
      }
      seller.fates = [];
      seller.mine();
      await buyerWith(options).buy({ url: URL_A });
      seller.nowMs += 400_000;
      expect(reasonOf(await buyerWith(options).buy({ url: URL_A }))).toBe('bought');
      expect(charges()).toBe(1);
    }),
    { numRuns: 150 },
  );
});
