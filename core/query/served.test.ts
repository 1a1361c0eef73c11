import { expect, test } from 'vitest';
import type { DeviceId } from '../ids.ts';
import { servedBy } from './served.ts';

const HOUR = { hourSeconds: 3600, epochSeconds: 86_400 };
const row = (device: string, quantity: string, startMs: number, flag: number) => ({
  device: device as DeviceId,
  quantity,
  startMs,
  flag,
});

test('rows of one quantity within one hour count once, whatever their number', () => {
  const rows = [
    row('a', 'temp', 0, 1),
    row('a', 'temp', 60_000, 1),
    row('a', 'rh', 0, 1),
    row('a', 'temp', 3_600_000, 1),
  ];
  expect(servedBy(rows, HOUR)).toEqual([{ device: 'a', units: 3 }]);
});

test('only rows with a good flag are owed to anybody', () => {
  const rows = [row('b', 'temp', 0, 1), row('b', 'rh', 0, 3), row('a', 'temp', 0, 4), row('c', 'temp', 0, 2)];
  expect(servedBy(rows, HOUR)).toEqual([{ device: 'b', units: 1 }]);
});
