import { expect, test } from 'vitest';
import { quantityByCode } from '../reading/quantity.ts';
import { explain } from './explain.ts';
import { TEST_BITS } from './tests.ts';

const quantity = (code: string) => {
  const found = quantityByCode(code);
  if (!found) throw new Error(code);
  return found;
};

test('each test says what was measured, what was expected and what to do', () => {
  expect(explain('range', { measured: 1200, expected: [0, 1000] }, quantity('pm25')).reason).toBe(
    'PM2.5 read 1200 ug/m3; values between 0 and 1000 ug/m3 are possible.',
  );
  expect(explain('step', { measured: 31.2, expected: [8, 32.000000001] }, quantity('temp')).reason).toBe(
    'Temperature jumped to 31.2 Cel; after the readings before it, values between 8 and 32 Cel are plausible.',
  );
  expect(explain('flat', { measured: 13, expected: [null, 10] }, quantity('co2')).reason).toBe(
    'Carbon dioxide kept exactly the same value for 13 hours; more than 10 hours is not natural.',
  );
  expect(explain('copy', { measured: 50, expected: [null, null], against: 'Plaza Mayor' }, quantity('o3')).reason).toBe(
    'Ozone repeats the readings of Plaza Mayor.',
  );
  expect(explain('neighbour', { measured: 80, expected: [null, 40] }, quantity('no2')).reason).toBe(
    'Nitrogen dioxide read 80 ppb while devices nearby put it up to 40 ppb.',
  );
});

test('every test that a cell can name has words of its own', () => {
  const facts = { measured: 1, expected: [null, null] } as const;
  for (const [code] of TEST_BITS) {
    const { reason, remedy } = explain(code, facts, quantity('pm25'));
    expect(reason).not.toContain('failed the test');
    expect(reason.endsWith('.') && remedy.endsWith('.')).toBe(true);
  }
});
