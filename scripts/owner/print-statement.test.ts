import { expect, test } from 'vitest';
import type { StatementAnswer, StatementDevice } from '../../schema/api/owners.ts';
import { linesOf } from './print-statement.ts';

const device: StatementDevice = {
  device: 'did:key:z6MkRoof',
  name: 'Roof',
  region: '83390cfffffffff',
  epoch: 12,
  isLate: false,
  scoreBps: 9000,
  score30Bps: 9000,
  tier: 1,
  density: '87390ca00ffffff',
  rank: 2,
  slotBps: 7500,
  alike: null,
  full: '20000000000000000001',
  costs: [
    { part: 'score', cause: 'step', bps: 1000, amount: '5000000000000000000' },
    { part: 'tier', cause: 'tier', bps: null, amount: '6000000000000000000' },
    { part: 'slot', cause: 'slot', bps: null, amount: '2250000000000000000' },
  ],
  earned: '6750000000000000001',
  withheld: '0',
  amount: '6750000000000000001',
  base: '6750000000000000001',
  demand: '0',
};
const answer: StatementAnswer = {
  owner: '0x01',
  epoch: 12,
  state: 'final',
  pot: { base: '16438356164383561643835', demand: '0', total: '16438356164383561643835', divisor: '500000000000000' },
  amount: '6750000000000000001',
  base: '6750000000000000001',
  demand: '0',
  withheld: '0',
  usdc: '0',
  sales: [],
  devices: [device],
  payment: { batch: 0, position: 3, commitTransaction: '0xaa', mintTransactions: ['0xbb'] },
  reportHash: 'cc',
};

test('the way from a full weight to what is paid stands in one column, with all digits', () => {
  const rows = linesOf(answer).filter((line) => /\.\d{18}$/.test(line));
  expect(rows.map((line) => line.trim().replace(/ {2,}/, ' | '))).toEqual([
    'full score, tier 2, first slot | 20.000000000000000001',
    '- step: 10.00 % of the score | -5.000000000000000000',
    '- tier 1 | -6.000000000000000000',
    '- slot: rank 2 in its density cell | -2.250000000000000000',
    '= earned | 6.750000000000000001',
    'base part | 6.750000000000000001',
    'demand part | 0.000000000000000000',
    'paid for 1 device-days | 6.750000000000000001',
  ]);
  expect(new Set(rows.map((line) => line.length)).size).toBe(1);
});

test('late, withheld and alike devices and an empty statement say so', () => {
  const late = { ...device, epoch: 11, isLate: true, withheld: device.earned, amount: '0' };
  const alike: StatementDevice = {
    ...device,
    alike: 'did:key:z6MkYard',
    costs: [{ part: 'alike', cause: 'alike', bps: null, amount: '1' }],
  };
  const weekly: StatementDevice = { ...device, costs: [{ part: 'weekly', cause: 'weekly', bps: null, amount: '1' }] };
  const text = linesOf({ ...answer, devices: [late, alike, weekly], withheld: device.earned, payment: null }).join(
    '\n',
  );
  expect(text).toContain('day 11, paid late from the reserve');
  expect(text).toMatch(/- withheld: quarantined +-6\.75/);
  expect(text).toContain('shares the slot of did:key:z6MkYard');
  expect(text).toContain('weekly score too low to earn');
  expect(text).toContain('nothing is paid to this owner in this epoch');
});
