import { expect, test } from 'vitest';
import { Buyer, SYSTEM } from '../../buyers/client/buyer.ts';
import { chainAt } from '../../buyers/client/chain.ts';
import { MemoryStore } from '../../buyers/client/payment.ts';
import { DEFAULT_PATIENCE, type Transport } from '../../buyers/client/send.ts';
import { FUNDS, PRICE } from './hazards/bed.ts';
import { testHazards } from './hazards/play.ts';
import { SETTLEMENTS } from './hazards/settlements.ts';
import { newArticle } from './hazards/steps.ts';

const soundBed = testHazards(SETTLEMENTS);

test("the buyers' client pays once through a lost reply, a slow settlement and a kill, and the chain tells it so", async () => {
  const sound = soundBed();
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
