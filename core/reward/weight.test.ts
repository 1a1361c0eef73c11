import { expect, test } from 'vitest';
import { MAIN_RULES } from '../rules/main.ts';
import { FULL_WEIGHT, rampBps, weighDays, type DeviceDay } from './weight.ts';

const rules = MAIN_RULES.reward;
const day = (device: string, more: Partial<DeviceDay> = {}): DeviceDay => ({
  device,
  cell: '831f8dfffffffff',
  owner: `0x${'1'.repeat(40)}`,
  status: 'active',
  tier: 2,
  density: '871f8d000ffffff',
  claimedMs: 0,
  scoreBps: 10_000,
  score30Bps: 10_000,
  eligible: true,
  ...more,
});
const order = (...days: DeviceDay[]): readonly string[] =>
  [...weighDays(days, rules)].sort((a, b) => (a.rank ?? 99) - (b.rank ?? 99)).map(({ device }) => device);

test('the ramp is zero up to 6,000 basis points and linear to 10,000', () => {
  expect([0, 6000, 6001, 8000, 10_000, 12_000].map((score) => rampBps(score, rules))).toEqual([
    0, 0, 2, 5000, 10_000, 10_000,
  ]);
});

test('a device whose weekly score does not let it earn has no weight and takes no slot', () => {
  const [first, second] = weighDays([day('a', { eligible: false }), day('b')], rules);
  expect([first?.weight, first?.rank]).toEqual([0, null]);
  expect([second?.weight, second?.rank]).toEqual([FULL_WEIGHT, 1]);
});

test('tier outranks score, score outranks seniority, seniority outranks the id', () => {
  expect(order(day('a', { tier: 1 }), day('b', { score30Bps: 1 }))).toEqual(['b', 'a']);
  expect(order(day('a', { score30Bps: 9400 }), day('b', { claimedMs: 9 }))).toEqual(['b', 'a']);
  expect(order(day('a', { claimedMs: 2 }), day('b', { claimedMs: 1 }))).toEqual(['b', 'a']);
  expect(order(day('b'), day('a'))).toEqual(['a', 'b']);
});

test('two scores in the same band of 5 % are ranked by seniority', () => {
  expect(order(day('a', { score30Bps: 9999, claimedMs: 2 }), day('b', { score30Bps: 9500, claimedMs: 1 }))).toEqual([
    'b',
    'a',
  ]);
});

test('a density cell has four slots, and a device that does not earn takes none', () => {
  const days = ['a', 'b', 'c', 'd', 'e'].map((id, n) => day(id, { claimedMs: n }));
  const weights = weighDays([...days, day('0', { scoreBps: 6000 })], rules).map(({ device, rank, weight }) => [
    device,
    rank,
    weight / FULL_WEIGHT,
  ]);
  expect(weights).toEqual([
    ['0', null, 0],
    ['a', 1, 1],
    ['b', 2, 0.75],
    ['c', 3, 0.5],
    ['d', 4, 0.25],
    ['e', 5, 0],
  ]);
});
