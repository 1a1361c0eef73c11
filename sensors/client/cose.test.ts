import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCborReadings, parseReadings } from '../../core/senml/parse-readings.ts';
import type { DeviceId } from '../../core/ids.ts';
import { writeCborPack } from './cose.ts';
import { writePack, type Measurement } from './senml.ts';

const DEVICE = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK' as DeviceId;
const NOW_MS = 1_800_000_000_000;

const anyMeasurement = fc.record({
  hundredths: fc.integer({ min: -3000, max: 5000 }),
  measuredMs: fc.integer({ min: NOW_MS - 86_400_000, max: NOW_MS }),
});

test('both forms of a pack are the same readings, to the last step and millisecond', () => {
  fc.assert(
    fc.property(fc.array(anyMeasurement, { minLength: 1, maxLength: 60 }), (given) => {
      const measurements = given.map(({ hundredths, measuredMs }): Measurement => ({
        quantity: 'temp',
        unit: 'Cel',
        value: hundredths / 100,
        measuredMs,
      }));
      const compact = parseCborReadings(writeCborPack(DEVICE, measurements), DEVICE, NOW_MS);
      expect(compact).toMatchObject({ ok: true });
      expect(compact).toEqual(parseReadings(writePack(DEVICE, measurements), DEVICE, NOW_MS));
    }),
  );
});

test('an hour of five quantities a minute takes less than five eighths of the bytes of JSON', () => {
  const measurements = Array.from({ length: 300 }, (_, n): Measurement => ({
    quantity: (['pm25', 'pm10', 'temp', 'rh', 'press'] as const)[n % 5] ?? 'temp',
    unit: ['ug/m3', 'ug/m3', 'Cel', '%RH', 'hPa'][n % 5] ?? 'Cel',
    value: 10 + (n % 37) / 10,
    measuredMs: NOW_MS + Math.floor(n / 5) * 60_000,
  }));
  const json = new TextEncoder().encode(writePack(DEVICE, measurements)).length;
  expect(writeCborPack(DEVICE, measurements).length).toBeLessThan(json / 1.6);
});
