/**
 * Where x402 loses money: each hazard is played on the Worker as it is, and is gone; and on a Worker without one of the
 * guards against it, and is found. The table is in test/README.md.
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Buyer, SYSTEM } from '../../buyers/client/buyer.ts';
import { chainAt } from '../../buyers/client/chain.ts';
import { MemoryStore } from '../../buyers/client/payment.ts';
import { DEFAULT_PATIENCE, type Transport } from '../../buyers/client/send.ts';
import { AUTHORIZATIONS } from './hazards/authorizations.ts';
import { type Bed, FUNDS, type Ground, layGround, makeBed, PATIENCE_MS, PRICE } from './hazards/bed.ts';
import type { Guard } from './hazards/hazard.ts';
import { REQUESTS } from './hazards/requests.ts';
import { SETTLEMENTS } from './hazards/settlements.ts';
import { collect, differences, newArticle } from './hazards/steps.ts';

const HAZARDS = [...REQUESTS, ...AUTHORIZATIONS, ...SETTLEMENTS];
const GUARDS: readonly Guard[] = [...new Set(HAZARDS.flatMap(({ guards }) => guards))];

let ground: Ground;
let sound: Bed;
/** By guard: started while the one before is played. */
const planted = new Map<Guard, Promise<Bed>>();

const withoutGuard = (guard: Guard): Promise<Bed> => {
  const made = planted.get(guard) ?? makeBed(ground, guard.without);
  planted.set(guard, made);
  // Whoever awaits it sees the failure.
  made.catch(() => undefined);
  return made;
};

beforeAll(async () => {
  ground = await layGround();
  sound = await makeBed(ground, []);
});

afterAll(async () => {
  await sound?.stop();
  for (const left of await Promise.allSettled(planted.values()))
    if (left.status === 'fulfilled') await left.value.stop();
  await ground?.stop();
});

afterEach(() => ground.reset());

/** Else a plant that breaks everything would pass for one that was found. */
async function sellAsEver(bed: Bed): Promise<readonly string[]> {
  const [path, buyer] = [newArticle(), await bed.newBuyer()];
  const answer = await collect({ ...bed, patienceMs: PATIENCE_MS }, path, await buyer.sign(bed.urlOf(path)));
  const wrong = differences({ status: [answer.status, 200], spent: [await bed.spentBy(buyer), PRICE] });
  await ground.reset();
  return wrong;
}

for (const { name, play } of HAZARDS)
  test(name, async () => {
    expect(await play(sound)).toEqual([]);
  });

test("the buyers' client pays once through a lost reply, a slow settlement and a kill, and the chain tells it so", async () => {
  const [path, { account: signer }] = [newArticle(), await sound.newBuyer()];
  const { chain } = sound;
  const store = new MemoryStore();
  const view = chainAt(chain.rpcUrl);
  const options = { signer, chainId: 10, usdc: chain.usdc, mostPerPayment: PRICE, budget: PRICE, store, chain: view };
  let losses = 1;
  const lossy: Transport = {
    ...SYSTEM,
    async fetch(request) {
      const response = await fetch(request);
      if (request.headers.has('PAYMENT-SIGNATURE') && losses-- > 0) throw new TypeError('the connection was lost');
      return response;
    },
  };
  await chain.client.setAutomine(false);
  const impatient = { ...DEFAULT_PATIENCE, firstDelayMs: 100, giveUpAfterMs: 1000 };
  const early = await new Buyer({ ...options, transport: lossy, patience: impatient }).buy({ url: sound.urlOf(path) });
  expect(early).toMatchObject({ ok: false, error: { reason: 'unknown' } });
  const [payment] = await store.all();
  if (!payment) throw new Error('the payment was not kept');
  expect(await view.look(payment)).toMatchObject({ used: false });
  await chain.client.setAutomine(true);
  await chain.client.mine({ blocks: 1 });

  const bought = await new Buyer(options).buy({ url: sound.urlOf(path) });
  expect(bought).toMatchObject({ ok: true, value: { payment: { state: 'settled', amount: String(PRICE) } } });
  expect(await view.look(payment)).toMatchObject({ used: true });
  expect([await chain.balanceOf(signer.address), sound.sent()]).toEqual([FUNDS - PRICE, 1]);
});

for (const [index, guard] of GUARDS.entries())
  test(`without "${guard.name}" it is not so`, async () => {
    const bed = await withoutGuard(guard);
    const next = GUARDS[index + 1];
    if (next) void withoutGuard(next);
    expect(await sellAsEver(bed)).toEqual([]);
    const guarded = HAZARDS.filter(({ guards }) => guards.includes(guard));
    const missed: string[] = [];
    for (const { name, play } of guarded) {
      if ((await play(bed)).length === 0) missed.push(name);
      await ground.reset();
    }
    expect(missed).toEqual([]);
    planted.delete(guard);
    await bed.stop();
  });
