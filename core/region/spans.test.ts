import { expect, test } from 'vitest';
import { DAY0_MS, HOUR_MS, reading } from '../../test/support/region-log.ts';
import { packReadings } from '../reading/pack.ts';
import type { Reading } from '../reading/reading.ts';
import { MAIN_RULES } from '../rules/main.ts';
import { hourOf } from '../time.ts';
import type { LogEntry } from './entry.ts';
import { spansOf } from './spans.ts';

const batch = (slot: number, ...readings: readonly Reading[]): LogEntry => ({
  seq: 1,
  receivedMs: DAY0_MS,
  kind: 'batch',
  slot,
  nonce: '0000000000000001',
  digest: new Uint8Array(32),
  readings: packReadings(readings),
  evidence: new Uint8Array(),
});

test('each device has the first and the last hour of all that it sent, however late it came', () => {
  const day0 = hourOf(DAY0_MS, MAIN_RULES.time);
  const entries: readonly LogEntry[] = [
    batch(7, reading('temp', DAY0_MS, 20), reading('rh', DAY0_MS + 2 * HOUR_MS, 50)),
    { seq: 2, receivedMs: DAY0_MS, kind: 'hour-close', hour: 5 },
    batch(3, reading('temp', DAY0_MS + HOUR_MS - 1, 20)),
    batch(7, reading('temp', DAY0_MS - 30 * 24 * HOUR_MS, 20)),
  ];
  expect(spansOf(entries, MAIN_RULES.time)).toEqual([
    [3, day0, day0],
    [7, day0 - 720, day0 + 2],
  ]);
});
