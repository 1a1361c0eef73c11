import { expect, test } from 'vitest';
import { QUANTITIES, quantityByCode, type Quantity } from './quantity.ts';
import { acceptedUnits, conversionOf, stepsOf } from './units.ts';

function quantity(code: string): Quantity {
  const found = quantityByCode(code);
  if (!found) throw new Error(code);
  return found;
}

function steps(code: string, unit: string | null, value: number): number | null {
  const conversion = conversionOf(quantity(code), unit);
  if (!conversion.ok) throw new Error(`${code} in ${unit}`);
  return stepsOf(conversion.value, value);
}

test('every quantity accepts its canonical unit first, at its own resolution', () => {
  for (const each of QUANTITIES) {
    expect(acceptedUnits(each)[0]).toBe(each.unit);
    expect(steps(each.code, each.unit, 3)).toBe(3 * each.stepsPerUnit);
  }
});

test.each([
  ['press', 'Pa', 101_325, 10_133],
  ['press', 'hPa', 1013.25, 10_133],
  ['temp', 'K', 273.15, 0],
  ['temp', 'K', 300, 2685],
  ['rh', '/', 0.543, 543],
  ['rh', '/100', 54.3, 543],
  ['wind_speed', 'km/h', 36, 1000],
  ['pm25', 'mg/m3', 0.0123, 123],
  ['co2', 'ppb', 420_000, 420],
  ['uv', null, 3.4, 34],
  ['noise_laeq', 'Bspl', 5.5, 550],
  // 100 ug/m3 at 25 Cel and 1 atm: 24.45 / M ppb each. NO2 53.15, O3 50.94, SO2 38.16, CO 87.29.
  ['no2', 'ug/m3', 100, 531],
  ['o3', 'ug/m3', 100, 509],
  ['so2', 'ug/m3', 100, 382],
  ['co', 'mg/m3', 1, 87],
  ['co', 'ug/m3', 1000, 87],
])('%s in %s: %d is %d steps', (code, unit, value, expected) => {
  expect(steps(code, unit, value)).toBe(expected);
});

test('values round half away from zero, and never to minus zero', () => {
  expect(steps('temp', 'Cel', 0.005)).toBe(1);
  expect(steps('temp', 'Cel', -0.005)).toBe(-1);
  expect(Object.is(steps('temp', 'Cel', -0.001), 0)).toBe(true);
});

test('an unknown unit is refused with the ones that are accepted', () => {
  expect(conversionOf(quantity('temp'), 'degF')).toEqual({
    ok: false,
    error: { reason: 'unknown-unit', quantity: 'temp', given: 'degF', accepted: ['Cel', 'K'] },
  });
});

test('a percent sign alone is refused, because SenML means a ratio by it and senders do not', () => {
  expect(conversionOf(quantity('rh'), '%').ok).toBe(false);
});

test('no unit is right for quantities without a dimension only', () => {
  expect(QUANTITIES.filter((each) => conversionOf(each, null).ok).map((each) => each.code)).toEqual(['uv']);
});

test('what does not fit 32 bits or is no finite number has no steps', () => {
  expect(steps('lux', 'lx', 2_147_483_647)).toBe(2_147_483_647);
  for (const value of [2_147_483_648, -2_147_483_648, Infinity, -Infinity, Number.NaN])
    expect(steps('lux', 'lx', value)).toBeNull();
});
