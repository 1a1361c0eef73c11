import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quantityByCode } from '../reading/quantity.ts';
import { europeanIndex } from './european.ts';
import { goodHours, type HourCell } from './good-hours.ts';
import { usAqiNow, usAqiOfDay } from './us-aqi.ts';

const FROM = 480_000;
const HOURS = 24;
const POLLUTANTS = ['pm25', 'pm10', 'o3', 'no2', 'so2', 'co'].flatMap((code) => quantityByCode(code)?.index ?? []);

/** A day of cells of any flags; the second list has other readings wherever the verdict is not good. */
const twins = fc
  .array(
    fc.record({
      quantity: fc.constantFrom(...POLLUTANTS),
      at: fc.nat(HOURS - 1),
      readings: fc.integer({ min: 1, max: 60 }),
      steps: fc.integer({ min: 0, max: 20_000 }),
      flag: fc.constantFrom(1, 1, 1, 1, 2, 3, 4, 9),
      other: fc.integer({ min: -100_000, max: 1_000_000 }),
    }),
    { minLength: 60, maxLength: 400 },
  )
  .map((drawn) => {
    const cells = new Map(drawn.map((one) => [`${one.quantity}/${one.at}`, one]));
    const listOf = (stepsOf: (one: (typeof drawn)[number]) => number): HourCell[] =>
      [...cells.values()].map((one) => ({
        quantity: one.quantity,
        hour: FROM + one.at,
        readings: one.readings,
        sum: stepsOf(one) * one.readings,
        flag: one.flag,
      }));
    return { told: listOf((one) => one.steps), changed: listOf((one) => (one.flag === 1 ? one.steps : one.other)) };
  });

function indicesOf(cells: readonly HourCell[]): unknown[] {
  const hours = goodHours(cells);
  const last = FROM + HOURS - 1;
  return [usAqiOfDay(hours, FROM), usAqiNow(hours, last), europeanIndex(hours, last)];
}

test('no index changes with what a suspect, failed, missing or unevaluated hour holds', () => {
  fc.assert(
    fc.property(twins, ({ told, changed }) => {
      expect(indicesOf(changed)).toEqual(indicesOf(told));
    }),
  );
});

test('an hour that is not good and an hour that is not there are one and the same', () => {
  fc.assert(
    fc.property(twins, ({ told }) => {
      expect(indicesOf(told)).toEqual(indicesOf(told.filter(({ flag }) => flag === 1)));
    }),
  );
});

test('an index is a number or a reason, never a number made of nothing', () => {
  fc.assert(
    fc.property(twins, ({ told }) => {
      for (const index of indicesOf(told)) expect(JSON.stringify(index)).not.toMatch(/null|NaN|Infinity/);
      expect(indicesOf(told.map((cell) => ({ ...cell, flag: 3 })))).toMatchObject([
        { ok: false, error: { reason: 'no-index' } },
        { ok: false, error: { reason: 'no-index' } },
        { ok: false, error: { reason: 'no-index' } },
      ]);
    }),
  );
});

test('a good hour does count', () => {
  const cells = POLLUTANTS.flatMap((quantity) =>
    Array.from({ length: HOURS }, (_, at) => ({ quantity, hour: FROM + at, readings: 1, sum: 300, flag: 1 })),
  );
  const raised = cells.map((cell) => ({ ...cell, sum: 3000 }));
  for (const [at, index] of indicesOf(cells).entries()) expect(indicesOf(raised)[at]).not.toEqual(index);
});
