import { expect, test } from 'vitest';
import { ethText, healthAlarms, type HealthView, silenceAlarm } from './health.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = 1_000 * HOUR_MS;
const view = (more: Partial<HealthView>): HealthView => ({
  address: '0xc0',
  balanceWei: 10n ** 18n,
  intents: [],
  epochs: [],
  nowMs: NOW_MS,
  ...more,
});
const alarms = (more: Partial<HealthView>) => healthAlarms(view(more)).join('\n');
const waiting = (nonce: number, minutes: number) =>
  ({ nonce, key: `commit:${nonce}`, state: 'broadcast', waitsSinceMs: NOW_MS - minutes * 60_000 }) as const;
const epoch = (state: HealthView['epochs'][number]['state'], computedHoursAgo: number, maturedHoursAgo?: number) => ({
  epoch: 5,
  state,
  computedMs: NOW_MS - computedHoursAgo * HOUR_MS,
  maturesAt: maturedHoursAgo === undefined ? null : (NOW_MS - maturedHoursAgo * HOUR_MS) / 1000,
});

test('a key with enough, a fresh transaction and an epoch within its time raise nothing', () => {
  expect(alarms({ intents: [waiting(3, 10)], epochs: [epoch('computed', 2), epoch('committed', 9, 2)] })).toBe('');
});

test('a key that runs dry is named with what it has and where to send more', () => {
  expect(alarms({ balanceWei: 1_999_999_999_999_999n })).toContain('only 0.001999 ETH left for gas: send ETH to 0xc0');
  expect(alarms({ balanceWei: 2_000_000_000_000_000n })).toBe('');
});

test('of transactions that no block takes the first is named, and how many wait behind it', () => {
  const text = alarms({ intents: [waiting(3, 11), waiting(4, 11), waiting(5, 1)] });
  expect(text.split('\n')).toHaveLength(1);
  expect(text).toContain('commit of epoch 3 (nonce 3) has waited for a block for over 10 minutes');
  expect(text).toContain('2 more wait behind it');
});

test('a reverted transaction is told until it is planned again', () => {
  const text = alarms({ intents: [{ ...waiting(3, 0), key: 'mint:2:1', state: 'reverted' }] });
  expect(text).toContain('mint of batch 1 of epoch 2 (nonce 3) reverted');
});

test('an epoch is overdue two hours after it could have gone on, and the words say what is missing', () => {
  expect(alarms({ epochs: [epoch('computed', 2.1)] })).toContain('its commit is not in the chain');
  expect(alarms({ epochs: [epoch('committed', 2.1)] })).toContain('its commit is not final');
  expect(alarms({ epochs: [epoch('minting', 40, 2.1)] })).toContain('not all of its batches are paid');
  expect(alarms({ epochs: [epoch('minted', 40, 2.1)] })).toContain('is paid, but that is not final');
  // Ten epochs committed together after an outage: the last one matures thirty hours later and is not late.
  expect(alarms({ epochs: [epoch('committed', 40, -10)] })).toBe('');
  expect(alarms({ epochs: [epoch('revoked', 40, 30)] })).toBe('');
});

test('a cron that stays away is told by whoever asks', () => {
  expect(silenceAlarm(null, NOW_MS)).toEqual([]);
  expect(silenceAlarm(NOW_MS - HOUR_MS / 2, NOW_MS)).toEqual([]);
  expect(silenceAlarm(NOW_MS - HOUR_MS, NOW_MS).join()).toContain('not come by for 60 minutes');
});

test('wei are told in ETH, never rounded up', () => {
  expect([0n, 10n ** 18n, 1_500_000_999_999_999_999n, 999n].map(ethText)).toEqual([
    '0 ETH',
    '1 ETH',
    '1.5 ETH',
    '0 ETH',
  ]);
});
