/** A kill after every single write between the payment of a top-up and the sale of what was bought with it. */
import { beforeEach, expect, test, vi } from 'vitest';
import type { SpendOrder } from '../../durable-objects/account/api.ts';
import type { PaymentClaim, SoldAnswer } from '../../durable-objects/settler/api.ts';
import { CreditsModel, loadCredits, type CreditsCode } from './credits-model.ts';
import type { Edit } from '../support/planted.ts';

const PAYER = `0x${'ab'.repeat(20)}`;
const AMOUNT = '5000000';
const PRICE = '10000';
const KEY = { hash: 'aa'.repeat(32), name: 'first', scopes: ['read'], expiresMs: null, monthlyLimit: null } as const;
const PAYMENT = { payer: PAYER, nonce: '0x01' };
const CLAIM: PaymentClaim = {
  ...PAYMENT,
  query: 'q',
  headerHash: 'h',
  offered: true,
  payload: JSON.stringify({ payload: { signature: '0x01', payment: PAYMENT }, accepted: { amount: AMOUNT } }),
  validBeforeSeconds: Date.parse('2026-11-23T10:05:00Z') / 1000,
};
const TOP_UP: SoldAnswer = { contentType: 'application/json', body: '{}', served: [], topUp: { key: KEY } };
const MINUTE_MS = 61_000;

beforeEach(() => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  return () => log.mockRestore();
});

/** Null: whoever was asked died, or the connection was lost with it. */
const lost = () => null;

async function payOnce(model: CreditsModel): Promise<boolean> {
  const opened = await model.settler.object.open(CLAIM).catch(lost);
  const outcome = opened?.status === 'verified' ? await model.settler.object.settle(CLAIM, TOP_UP).catch(lost) : opened;
  return outcome?.status === 'settled';
}

async function buyOnce(model: CreditsModel, attempt: number): Promise<string | null> {
  const order: SpendOrder = { id: `s${attempt}`, keyHash: KEY.hash, idempotencyKey: 'i', query: 'q', scope: 'read' };
  const held = await model.account.object.hold(order, PRICE).catch(lost);
  if (held?.status === 'spent') return String(held.answer.body);
  if (held?.status !== 'held') return null;
  const answer = { contentType: 'text/plain', body: `answer ${attempt}`, served: [{ device: 'd', units: 2 }] };
  const spent = await model.account.object.spend(order, answer).catch(lost);
  return spent?.status === 'spent' ? answer.body : null;
}

/** What is wrong after a kill at the n-th write; null: there was no such write. */
type Run = (code: CreditsCode, writes: number, isResent: boolean) => Promise<readonly string[] | null>;

const topUpKilled: Run = async (code, writes, isResent) => {
  const model = new CreditsModel(code);
  model.fuse.arm({ kind: null, writes });
  await payOnce(model);
  const rounds = async () => {
    for (let round = 0; round < 5; round++) {
      await model.pass(MINUTE_MS);
      if (isResent) await payOnce(model);
    }
  };
  await rounds();
  const early = (await model.account.object.overview().catch(lost))?.balance ?? '0';
  model.isFinal = true;
  await rounds();
  if (model.fuse.kills === 0) return null;
  const paid = model.charged.length;
  const seen = await model.account.object.overview();
  const rows = model.database.all('SELECT kind, usdc FROM sale');
  return [
    ...(isResent && paid !== 1 ? [`charged ${paid} times`] : []),
    ...((seen?.balance ?? '0') === (paid === 1 ? AMOUNT : '0') ? [] : [`paid ${paid} times, balance ${seen?.balance}`]),
    ...(early === seen?.balance || paid === 0 ? [] : [`${early} credited before it was final`]),
    ...((seen?.keys.length ?? 0) === paid ? [] : [`paid ${paid} times, ${seen?.keys.length} keys`]),
    ...(JSON.stringify(rows) === JSON.stringify(paid === 1 ? [{ kind: 'top-up', usdc: AMOUNT }] : [])
      ? []
      : [`paid ${paid} times, sales ${JSON.stringify(rows)}`]),
  ];
};

const purchaseKilled: Run = async (code, writes, isResent) => {
  const model = new CreditsModel(code);
  await payOnce(model);
  model.isFinal = true;
  model.fuse.arm({ kind: null, writes });
  const answers = new Set([await buyOnce(model, 0)]);
  for (let attempt = 1; attempt < 6; attempt++) {
    await model.pass(MINUTE_MS);
    if (isResent) answers.add(await buyOnce(model, attempt));
  }
  if (model.fuse.kills === 0) return null;
  answers.delete(null);
  const seen = await model.account.object.overview();
  const spent = BigInt(AMOUNT) - BigInt(seen?.balance ?? '0');
  const credits = model.database.all(`SELECT usdc FROM sale WHERE kind = 'credit'`);
  const expected = spent === 0n ? '[]' : JSON.stringify([{ usdc: PRICE }]);
  return [
    ...(isResent && answers.size !== 1 ? [`${answers.size} answers`] : []),
    ...((isResent && spent !== BigInt(PRICE)) || spent > BigInt(PRICE) ? [`${spent} were spent`] : []),
    ...(answers.size > 0 && spent === 0n ? ['an answer for nothing'] : []),
    ...(JSON.stringify(credits) === expected ? [] : [`${spent} were spent, sales ${JSON.stringify(credits)}`]),
    ...(seen?.held === '0' ? [] : ['something is still held']),
  ];
};

async function wrongsOf(run: Run, code: CreditsCode): Promise<{ readonly kills: number; readonly wrongs: string[] }> {
  const wrongs: string[] = [];
  let kills = 0;
  for (const isResent of [true, false])
    for (let writes = 1; ; writes++) {
      const found = await run(code, writes, isResent);
      if (found === null) break;
      kills++;
      wrongs.push(...found.map((wrong) => `${isResent ? 'resent, ' : ''}killed after write ${writes}: ${wrong}`));
    }
  return { kills, wrongs };
}

test('a top-up is charged once and credited once wherever a kill falls, whether the buyer asks again or not', async () => {
  const { kills, wrongs } = await wrongsOf(topUpKilled, await loadCredits());
  expect(wrongs).toEqual([]);
  expect(kills).toBeGreaterThan(20);
});

test('a purchase with credits is charged once, answered once and sold once wherever a kill falls', async () => {
  const { kills, wrongs } = await wrongsOf(purchaseKilled, await loadCredits());
  expect(wrongs).toEqual([]);
  expect(kills).toBeGreaterThan(10);
});

const PLANTS: readonly (readonly [string, Run, Edit])[] = [
  [
    'a payment that is credited each time it is brought',
    topUpKilled,
    { file: 'durable-objects/account/fund-store.ts', from: 'if (!isNew) return false;', to: '' },
  ],
  [
    'a credit that is forgotten before it is brought',
    topUpKilled,
    {
      file: 'durable-objects/settler/credits.ts',
      from: 'await this.#credit({',
      to: `this.#sql.exec('DELETE FROM credit_due'); await this.#credit({`,
    },
  ],
  [
    'a resend that is a purchase of its own',
    purchaseKilled,
    {
      file: 'durable-objects/account/bank.ts',
      from: "if (meaning === 'new' || row === null) return null;",
      to: 'if (row === null || nowMs > 0) return null;',
    },
  ],
  [
    'a spend whose sale is not written',
    purchaseKilled,
    { file: 'durable-objects/account/bank.ts', from: 'sales.put({ id: creditSaleId', to: 'void ({ id: creditSaleId' },
  ],
];

test.each(PLANTS)('%s is noticed', async (_, run, edit) => {
  expect((await wrongsOf(run, await loadCredits([edit]))).wrongs).not.toEqual([]);
});
