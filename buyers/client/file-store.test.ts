import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileStore } from './file-store.ts';
import type { Payment } from './payment.ts';

let folder: string;

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'payments-')), 'new');
});

afterEach(() => rm(join(folder, '..'), { recursive: true }));

const payment = (changed: Partial<Payment> = {}): Payment => ({
  query: 'ab'.repeat(32),
  turn: 1,
  header: 'e30=',
  amount: '10000',
  payer: '0x01',
  nonce: '0x02',
  asset: '0x03',
  validBeforeSeconds: 1_800_000_000,
  state: 'signed',
  transaction: null,
  ...changed,
});

test('what was kept is there for the next program', async () => {
  expect(await new FileStore(folder).all()).toEqual([]);
  expect(await new FileStore(folder).add(payment())).toBeNull();
  const settled = payment({ state: 'settled', transaction: '0x04' });
  await new FileStore(folder).update(settled);
  await new FileStore(folder).add(payment({ turn: 2 }));
  expect(await new FileStore(folder).all()).toEqual([settled, payment({ turn: 2 })]);
});

test('of many who sign for one query at once one is kept, and the others are told which', async () => {
  const signed = Array.from({ length: 8 }, (_, n) => payment({ header: `header ${n}` }));
  const told = await Promise.all(signed.map((each) => new FileStore(folder).add(each)));
  const kept = await new FileStore(folder).all();
  expect(kept).toHaveLength(1);
  expect(told.filter((known) => known === null)).toHaveLength(1);
  expect(told.filter((known) => known !== null)).toEqual(Array.from({ length: 7 }, () => kept[0]));
  expect(await readdir(folder)).toHaveLength(1);
});

test('a half-written file of a killed program says nothing, a broken one stops everything', async () => {
  await new FileStore(folder).add(payment());
  await writeFile(join(folder, `${'ab'.repeat(32)}.2.json.1-1`), '{"query":');
  expect(await new FileStore(folder).all()).toEqual([payment()]);
  await writeFile(join(folder, `${'ab'.repeat(32)}.2.json`), '{"query":"x"}');
  await expect(new FileStore(folder).all()).rejects.toThrow('is not a payment');
});
