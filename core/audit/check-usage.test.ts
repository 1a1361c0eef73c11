import { expect, test } from 'vitest';
import { AUCTION, sale, spending, topUp, usageOf } from '../../test/support/sales.ts';
import type { Sale } from '../reward/sale.ts';
import { encodeUsage, NO_USAGE, type UsageFacts } from '../reward/usage.ts';
import { MAIN_RULES } from '../rules/main.ts';
import { epochStartMs } from '../time.ts';
import { checkPaid, checkUsage, startUsage } from './check-usage.ts';

const rules = MAIN_RULES.time;
const EPOCH = 20_000;
const END_MS = epochStartMs(EPOCH + 1, rules);
const OWNER = `0x${'1'.repeat(40)}`;
const DISTRIBUTOR = `0x${'d'.repeat(40)}`;
const DEVICE = { device: 'did:key:z6MkA', owner: OWNER, cell: '83390cfffffffff' };
const context = { owners: new Map([[DEVICE.device, new Set([OWNER])]]), auction: AUCTION, rules };
const served = [{ device: DEVICE.device, units: 3 }];
const check = (facts: UsageFacts, history = startUsage(), epoch = EPOCH) =>
  checkUsage(encodeUsage(epoch, facts), epoch, facts, history, context);

test('a list of sales that were paid in time is in order, and so is an empty one', () => {
  const facts = usageOf([sale(1, 10n, served, END_MS - 1), topUp(2, 5n), spending(1, 5n, served)], {
    devices: [DEVICE],
  });
  expect(check(facts)).toEqual({ ok: true, value: undefined });
  expect(check(NO_USAGE)).toEqual({ ok: true, value: undefined });
});

test('other bytes of the same list are not the list', () => {
  const facts = usageOf([sale(1, 10n, served)]);
  expect(checkUsage(` ${encodeUsage(EPOCH, facts)}`, EPOCH, facts, startUsage(), context)).toMatchObject({
    error: { reason: 'usage' },
  });
});

test('a sale that is counted twice is found, within an epoch and in a later one', () => {
  const history = startUsage();
  const facts = usageOf([sale(1, 10n, served)]);
  expect(check(facts, history).ok).toBe(true);
  expect(check(facts, history, EPOCH + 1)).toMatchObject({
    error: { reason: 'sale-repeated', at: { epoch: EPOCH + 1, sale: sale(1, 0n, []).id } },
  });
  expect(check(usageOf([sale(2, 1n, []), sale(2, 1n, [])]))).toMatchObject({ error: { reason: 'sale-repeated' } });
});

test('a sale of after the end of the epoch is found', () => {
  expect(check(usageOf([sale(1, 10n, served, END_MS)]))).toMatchObject({ error: { reason: 'sale-late' } });
});

test('a share for somebody who never owned the device is found', () => {
  const devices = [{ ...DEVICE, owner: DISTRIBUTOR }];
  expect(check(usageOf([sale(1, 10n, served)], { devices }))).toMatchObject({
    error: { reason: 'sale-owner', at: { device: DEVICE.device }, published: DISTRIBUTOR, recomputed: OWNER },
  });
});

test('credits beyond what was paid for are found, over all epochs together', () => {
  const history = startUsage();
  expect(check(usageOf([topUp(1, 5n), spending(1, 4n, served)]), history).ok).toBe(true);
  expect(check(usageOf([spending(2, 2n, served)]), history, EPOCH + 1)).toMatchObject({
    error: { reason: 'credits', at: { epoch: EPOCH + 1 }, published: '1 more than paid for' },
  });
});

test('a part for burning that goes elsewhere is found', () => {
  const payees = { auction: OWNER, treasury: OWNER };
  expect(check(usageOf([sale(1, 10n, served)], { payees }))).toMatchObject({ error: { reason: 'auction' } });
});

test.each<[string, Partial<Sale>]>([
  ['a sale without a transaction', { transaction: null }],
  ['a credit with the name of a payment', { kind: 'credit', transaction: null }],
  ['a credit with a transaction', { kind: 'credit', id: 'credit:a:1' }],
  ['a name of nothing', { id: 'x402:0x1:0x2' }],
  ['a top-up that somebody served', { kind: 'top-up' }],
  ['a device twice', { served: [...served, ...served] }],
])('%s is no sale', (_what, change) => {
  expect(check(usageOf([{ ...sale(1, 10n, served), ...change }]))).toMatchObject({ error: { reason: 'usage' } });
});

const SALE = sale(7, 10n, served, 5000);
const [, payer = '', nonce = ''] = SALE.id.split(':');
const transfer = { payer, nonce, to: DISTRIBUTOR, amount: '10' };
const paid = (change: Partial<typeof transfer>, timestampSeconds = 5) =>
  checkPaid(SALE, { transfers: [{ ...transfer, ...change }], timestampSeconds }, DISTRIBUTOR, EPOCH);

test('a sale stands if its authorization moved its amount to the distributor, in the block of its time', () => {
  expect(paid({})).toEqual({ ok: true, value: undefined });
});

test('a sale is not paid by nothing, another authorization, payer, payee, amount or time', () => {
  const error = { reason: 'sale-unpaid', at: { sale: SALE.id } };
  expect(checkPaid(SALE, null, DISTRIBUTOR, EPOCH)).toMatchObject({ error });
  expect(paid({ nonce: `0x${'0'.repeat(64)}` })).toMatchObject({ error });
  expect(paid({ payer: OWNER })).toMatchObject({ error });
  expect(paid({ to: OWNER })).toMatchObject({ error });
  expect(paid({ amount: '9' })).toMatchObject({ error });
  expect(paid({}, 6)).toMatchObject({ error });
});
