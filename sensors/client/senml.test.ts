import { expect, test } from 'vitest';
import type { DeviceId } from '../../core/ids.ts';
import { parseReadings } from '../../core/senml/parse-readings.ts';
import { quantityByIndex } from '../../core/reading/quantity.ts';
import { writePack } from './senml.ts';

const DEVICE = 'did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw' as DeviceId;

test('the first record carries the base fields and the version of packs with secondary units', () => {
  const pack = writePack(DEVICE, [{ quantity: 'pm25', value: 12.3, unit: 'ug/m3', measuredMs: 1_763_805_600_000 }]);
  expect(JSON.parse(pack)).toEqual([{ bn: `${DEVICE}:`, bt: 1_763_805_600, bver: 26, n: 'pm25', u: 'ug/m3', v: 12.3 }]);
});

test('records are in time order and their times are offsets from the base time', () => {
  const pack = writePack(DEVICE, [
    { quantity: 'temp', value: 21.4, unit: 'Cel', measuredMs: 1_763_805_660_250 },
    { quantity: 'temp', value: 21.3, unit: 'Cel', measuredMs: 1_763_805_600_500 },
  ]);
  expect(JSON.parse(pack)).toMatchObject([
    { bt: 1_763_805_600, t: 0.5, v: 21.3 },
    { t: 60.25, v: 21.4 },
  ]);
});

test('what is written reads back as the same quantities, milliseconds and values', () => {
  const measuredMs = 1_763_805_600_123;
  const pack = writePack(DEVICE, [
    { quantity: 'temp', value: -3.07, unit: 'Cel', measuredMs },
    { quantity: 'press', value: 941.2, unit: 'hPa', measuredMs: measuredMs + 30 * 86_400_000 },
  ]);
  const parsed = parseReadings(pack, DEVICE, measuredMs);
  expect(
    parsed.ok && parsed.value.map((reading) => ({ ...reading, quantity: quantityByIndex(reading.quantity)?.code })),
  ).toEqual([
    { quantity: 'temp', measuredMs, steps: -307 },
    { quantity: 'press', measuredMs: measuredMs + 30 * 86_400_000, steps: 9412 },
  ]);
});

test('a value that JSON cannot carry is a mistake of the caller', () => {
  expect(() => writePack(DEVICE, [{ quantity: 'rh', value: Number.NaN, unit: '%RH', measuredMs: 0 }])).toThrow('rh');
});
