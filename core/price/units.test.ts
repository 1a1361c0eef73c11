import { expect, test } from 'vitest';
import { quantityByCode } from '../reading/quantity.ts';
import { needsOf, type Asked } from '../query/series.ts';
import { anomaliesCost, canAnswer, observationsCost } from './units.ts';

const asked = (codes: readonly string[], more: Partial<Asked> = {}): Asked => ({
  quantities: codes.flatMap((code) => quantityByCode(code) ?? []),
  series: ['raw'],
  indices: [],
  ...more,
});
const numberOf = (code: string) => quantityByCode(code)?.index ?? -1;
const units = (of: Asked, hours: number, measured: readonly number[] | null = null) => {
  const { opening, ofHours } = observationsCost(needsOf(of), measured);
  return opening + ofHours(hours);
};

test('one quantity for an hour is one unit', () => {
  expect(units(asked(['pm25', 'temp']), 24)).toBe(48);
});

test('an hour that serves several series is counted once', () => {
  expect(units(asked(['pm25'], { series: ['raw', 'corrected'] }), 10)).toBe(20);
  expect(units(asked(['pm25', 'rh'], { series: ['raw', 'corrected'] }), 10)).toBe(20);
  expect(units(asked(['pm25'], { indices: ['european-aqi'] }), 10)).toBe(50);
});

test('a NowCast AQI takes the hours before the first, once', () => {
  expect(units(asked([], { indices: ['us-aqi-nowcast'] }), 10, [numberOf('pm25')])).toBe(21);
});

test('what a device is known not to measure costs nothing, but a device costs something', () => {
  const both = asked(['pm25', 'co2']);
  expect(units(both, 10, [numberOf('pm25'), numberOf('temp')])).toBe(10);
  expect(units(both, 10, [numberOf('temp')])).toBe(10);
  expect(canAnswer(needsOf(both), [numberOf('temp')])).toBe(false);
  expect(canAnswer(needsOf(both), null)).toBe(true);
});

test('anomalies are priced by the begun day', () => {
  const { ofHours } = anomaliesCost(24);
  expect([1, 24, 25].map(ofHours)).toEqual([1, 1, 2]);
});
