import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DeviceId, RegionCell } from '../ids.ts';
import { quantityByCode } from '../reading/quantity.ts';
import { planParts, SERIES_DAYS_A_PART } from './plan.ts';

const DAY_MS = 86_400_000;
const MAIN = { hourSeconds: 3600, epochSeconds: 86_400 };
const LOCAL = { hourSeconds: 20, epochSeconds: 480 };
const asked = (...codes: string[]) => ({
  quantities: codes.flatMap((code) => quantityByCode(code) ?? []),
  series: ['raw'] as const,
  indices: [],
});
const of = (cell: string, count: number) =>
  Array.from({ length: count }, (_, at) => ({ device: `${cell}-${at}` as DeviceId, cell: cell as RegionCell }));

test('parquet is cut by region and date, and the files of a date are numbered', () => {
  const devices = [...of('b', 1), ...of('a', 251)];
  const parts = planParts(
    { devices, ...asked('pm25', 'temp'), fromMs: 0, untilMs: 2 * DAY_MS, format: 'parquet' },
    MAIN,
  );
  expect(parts.map(({ path, devices: members }) => [path, members.length])).toEqual([
    ['cell=a/date=1970-01-01/part-0.parquet', 250],
    ['cell=a/date=1970-01-01/part-1.parquet', 1],
    ['cell=a/date=1970-01-02/part-0.parquet', 250],
    ['cell=a/date=1970-01-02/part-1.parquet', 1],
    ['cell=b/date=1970-01-01/part-0.parquet', 1],
    ['cell=b/date=1970-01-02/part-0.parquet', 1],
  ]);
});

test('a single file is cut by size only: a year of one device is one piece', () => {
  const parts = planParts(
    { devices: of('a', 1), ...asked('pm25'), fromMs: 0, untilMs: 365 * DAY_MS, format: 'csv' },
    MAIN,
  );
  expect(parts).toMatchObject([{ fromEpoch: 0, untilEpoch: 365, path: 'piece-000000.csv' }]);
});

test('short epochs of one date share a file', () => {
  const wanted = { devices: of('a', 3), ...asked('pm25'), fromMs: 0, untilMs: DAY_MS / 2 };
  expect(planParts({ ...wanted, format: 'parquet' }, LOCAL)).toMatchObject([
    { fromEpoch: 0, untilEpoch: 90, path: 'cell=a/date=1970-01-01/part-0.parquet' },
  ]);
});

test('every device and day is in exactly one part, no path comes twice, and no part is too large', () => {
  const format = fc.constantFrom('parquet' as const, 'csv' as const);
  const size = fc.integer({ min: 1, max: 300 });
  fc.assert(
    fc.property(format, size, size, fc.integer({ min: 1, max: 20 }), fc.nat(40), (kind, a, b, days, first) => {
      const devices = [...of('a', a), ...of('b', b)];
      const five = asked('pm25', 'temp', 'rh', 'co2', 'no2');
      const span = { fromMs: first * DAY_MS + 3_600_000, untilMs: (first + days) * DAY_MS - 3_600_000 };
      const parts = planParts({ devices, ...five, ...span, format: kind }, MAIN);
      const seen = parts.flatMap((part) =>
        part.devices.flatMap((device) =>
          Array.from({ length: part.untilEpoch - part.fromEpoch }, (_, at) => `${device} ${part.fromEpoch + at}`),
        ),
      );
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.length).toBe((a + b) * days);
      expect(new Set(parts.map(({ path }) => path)).size).toBe(parts.length);
      for (const part of parts) {
        const seriesDays = part.devices.length * 5 * (part.untilEpoch - part.fromEpoch);
        expect(seriesDays).toBeLessThanOrEqual(SERIES_DAYS_A_PART);
      }
    }),
    { numRuns: 30 },
  );
});
