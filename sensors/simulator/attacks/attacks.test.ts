import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quantityByCode } from '../../../core/reading/quantity.ts';
import type { QuantityCode } from '../../../core/reading/quantity.ts';
import { conversionOf, stepsOf } from '../../../core/reading/units.ts';
import { attackOn, clockBehindHours, HONEST, originalOf, valuesAt } from '../behaviour.ts';
import { loadSlices, SENT_UNITS } from '../slice.ts';
import { ATTACK_NAMES, type AttackName, isAttackName } from './catalogue.ts';

const slices = await loadSlices();
const START = 14 * 24;
const END = 28 * 24;
/** Measures everything, with weather. */
const MADRID = '28079024';
const BEIJING = 'Wanshouxigong';

type Given = ReadonlyMap<string, number>;

function behaviourFor(name: AttackName, station: string) {
  const behaviour = attackOn(slices, station, name, START);
  if (behaviour === null) throw new Error(`${name} does not fit ${station}`);
  return behaviour;
}

function sent(name: AttackName, station: string, hour: number, seed = 's'): Given {
  const values = valuesAt(slices, station, behaviourFor(name, station), seed, hour);
  return new Map(values.map(({ quantity, value }) => [quantity, value]));
}

function honest(station: string, hour: number): Given {
  return new Map(valuesAt(slices, station, HONEST, 's', hour).map(({ quantity, value }) => [quantity, value]));
}

/** [sent, honest] for each attacked hour in which both are there. */
function pairs(name: AttackName, station: string, quantity: QuantityCode, seed = 's'): readonly [number, number][] {
  return attackedHours.flatMap((hour) => {
    const pair = [sent(name, station, hour, seed).get(quantity), honest(station, hour).get(quantity)] as const;
    return pair[0] === undefined || pair[1] === undefined ? [] : [[pair[0], pair[1]] as [number, number]];
  });
}

const attackedHours = Array.from({ length: END - START }, (_, offset) => START + offset);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const spread = (values: readonly number[]): number => Math.sqrt(mean(values.map((v) => (v - mean(values)) ** 2)));

function correlation(given: readonly (readonly [number, number])[]): number {
  const [a, b] = [given.map(([x]) => x), given.map(([, y]) => y)];
  const [meanA, meanB] = [mean(a), mean(b)];
  return mean(given.map(([x, y]) => (x - meanA) * (y - meanB))) / (spread(a) * spread(b));
}

/** The one quantity that differs from honest in some hour. */
function falsified(name: AttackName, station: string, seed: string): QuantityCode {
  const changed = new Set(
    attackedHours.flatMap((hour) => {
      const now = honest(station, hour);
      return [...sent(name, station, hour, seed)]
        .filter(([code, value]) => now.get(code) !== value)
        .map(([code]) => code);
    }),
  );
  expect(changed.size, [...changed].join()).toBe(1);
  const quantity = quantityByCode([...changed][0] ?? '');
  if (!quantity) throw new Error('nothing changed');
  return quantity.code;
}

const suitable = slices.stations.flatMap(({ id }) =>
  ATTACK_NAMES.filter((name) => attackOn(slices, id, name, START) !== null).map((name) => ({ name, id })),
);

test('there are eighteen attacks, and each has a station in both cities that needs no thermometer', () => {
  expect(ATTACK_NAMES).toHaveLength(18);
  for (const name of ATTACK_NAMES) {
    expect(isAttackName(name)).toBe(true);
    const cities = new Set(suitable.filter((one) => one.name === name).map(({ id }) => /^\d/.test(id)));
    expect(cities.size, name).toBe(name === 'heat-gun' || name === 'fridge' ? 1 : 2);
  }
  expect(isAttackName('toString')).toBe(false);
});

test('every value of every attack can be sent in the unit that its station uses, and no hour asks for another', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...suitable),
      fc.integer({ min: 0, max: 2 * END }),
      fc.string(),
      fc.constantFrom(0, 1, 24, START),
      ({ name, id }, hour, seed, fromHour) => {
        const behaviour = attackOn(slices, id, name, fromHour);
        if (behaviour === null) throw new Error(`${name} does not fit ${id}`);
        const values = valuesAt(slices, id, behaviour, seed, hour);
        expect(valuesAt(slices, id, behaviour, seed, hour)).toEqual(values);
        expect(new Set(values.map(({ quantity }) => quantity)).size).toBe(values.length);
        for (const { quantity, value } of values) {
          expect(slices.series.get(id)?.has(quantity)).toBe(true);
          const known = quantityByCode(quantity);
          const conversion = known && conversionOf(known, SENT_UNITS[quantity] ?? null);
          expect(conversion?.ok).toBe(true);
          if (conversion?.ok) expect(stepsOf(conversion.value, value)).not.toBeNull();
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test('every attack is honest until it begins, and then lies about values or time', () => {
  for (const { name, id } of suitable) {
    const behaviour = behaviourFor(name, id);
    for (const hour of [0, 100, START - 1]) {
      expect(sent(name, id, hour)).toEqual(honest(id, hour));
      expect(clockBehindHours(behaviour, id, 's', hour)).toBe(0);
    }
    const lies = attackedHours.some((hour) => {
      const [told, truth] = [sent(name, id, hour), honest(id, hour)];
      return (
        clockBehindHours(behaviour, id, 's', hour) > 0 || [...told].some(([code, value]) => truth.get(code) !== value)
      );
    });
    expect(lies, `${name} at ${id}`).toBe(true);
  }
});

test.each(['fabricated', 'jitter', 'noise', 'smoke', 'heat-gun'] as const)('another seed makes another %s', (name) => {
  const series = (seed: string) => attackedHours.map((hour) => [...sent(name, MADRID, hour, seed).values()]);
  expect(series('a')).not.toEqual(series('b'));
});

test('a replay is the same hour of one day in the past fortnight', () => {
  const lags = Array.from({ length: 14 }, (_, day) => day).filter((days) =>
    attackedHours.every((hour) => same(sent('replay', MADRID, hour), honest(MADRID, hour - 24 * days))),
  );
  expect(lags).toHaveLength(1);
  expect(lags[0]).toBeGreaterThan(0);
});

test('a copy is its nearest neighbor within a few times its noise, and waits for it', () => {
  const behaviour = behaviourFor('copy', BEIJING);
  const of = originalOf(behaviour);
  expect(of).toBe('Tiantan');
  const ratios = attackedHours.flatMap((hour) => {
    const original = honest(of ?? '', hour).get('pm10');
    const copied = sent('copy', BEIJING, hour).get('pm10');
    return original && copied !== undefined ? [copied / original - 1] : [];
  });
  expect(spread(ratios)).toBeGreaterThan(0.004);
  expect(spread(ratios)).toBeLessThan(0.025);
  expect(Math.max(...ratios.map(Math.abs))).toBeLessThan(0.1);
  expect(originalOf(behaviourFor('location', BEIJING))).toBeNull();
});

test('constant never moves, jitter hardly, frozen in half of the quantities', () => {
  const still = pairs('constant', MADRID, 'temp').map(([value]) => value);
  expect(new Set(still).size).toBe(1);
  const wobble = pairs('jitter', MADRID, 'temp').map(([value]) => value);
  expect(new Set(wobble).size).toBeGreaterThan(10);
  expect(spread(wobble)).toBeLessThan(0.2);
  const quantities = [...(slices.series.get(MADRID)?.keys() ?? [])].filter((code) => code !== 'rain');
  const frozen = quantities.filter((code) => new Set(pairs('frozen', MADRID, code).map(([value]) => value)).size === 1);
  expect(frozen.length / quantities.length).toBeGreaterThan(0.35);
  expect(frozen.length / quantities.length).toBeLessThan(0.65);
});

test('a fabricated series has the mean and spread of the past, a day, and nothing of the air', () => {
  const past = Array.from({ length: START }, (_, hour) => honest(MADRID, hour).get('temp') ?? 0);
  const told = pairs('fabricated', MADRID, 'temp').map(([value]) => value);
  expect(Math.abs(mean(told) - mean(past))).toBeLessThan(0.5 * spread(past));
  expect(spread(told) / spread(past)).toBeGreaterThan(0.6);
  expect(spread(told) / spread(past)).toBeLessThan(1.4);
  expect(Math.abs(correlation(pairs('fabricated', BEIJING, 'pm25')))).toBeLessThan(0.4);
});

test('a time shift is the past of a few hours ago', () => {
  const lags = Array.from({ length: 13 }, (_, lag) => lag).filter((lag) =>
    attackedHours.every((hour) => same(sent('time-shift', MADRID, hour), honest(MADRID, hour - lag))),
  );
  expect(lags).toHaveLength(1);
  expect(lags[0]).toBeGreaterThanOrEqual(2);
  expect(lags[0]).toBeLessThanOrEqual(9);
});

test('a skewed clock leaves the values alone', () => {
  const behind = clockBehindHours(behaviourFor('clock-skew', MADRID), MADRID, 's', START);
  expect(behind).toBeGreaterThanOrEqual(0.2);
  expect(behind).toBeLessThan(0.84);
  for (const [told, truth] of pairs('clock-skew', MADRID, 'temp')) expect(told).toBe(truth);
});

test('indoors and in a refrigerator it is still, even and of the room', () => {
  const room = pairs('indoor', MADRID, 'temp').map(([value]) => value);
  expect(Math.min(...room)).toBeGreaterThan(19);
  expect(Math.max(...room)).toBeLessThan(24);
  const cold = pairs('fridge', MADRID, 'temp').map(([value]) => value);
  expect(Math.min(...cold)).toBeGreaterThan(2.5);
  expect(Math.max(...cold)).toBeLessThan(6);
  for (const name of ['indoor', 'fridge'] as const) {
    expect(new Set(pairs(name, MADRID, 'wind_speed').map(([value]) => value))).toEqual(new Set([0]));
    for (const [told, truth] of pairs(name, MADRID, 'press')) expect(told).toBe(truth);
  }
  const inside = pairs('indoor', BEIJING, 'pm25');
  expect(spread(inside.map(([told]) => told))).toBeLessThan(0.65 * spread(inside.map(([, truth]) => truth)));
});

test('smoke and heat come in short bursts and leave the rest alone', () => {
  for (const [name, quantity, least] of [
    ['smoke', 'pm25', 25],
    ['heat-gun', 'temp', 5.9],
  ] as const) {
    const rises = pairs(name, MADRID, quantity).map(([told, truth]) => told - truth);
    const raised = rises.filter((rise) => rise !== 0);
    expect(raised.length / rises.length).toBeCloseTo(3 / 24, 1);
    expect(Math.min(...raised)).toBeGreaterThan(least);
    for (const [told, truth] of pairs(name, MADRID, 'no2')) expect(told).toBe(truth);
  }
  const dried = pairs('heat-gun', MADRID, 'rh').filter(([told, truth]) => told !== truth);
  expect(dried.every(([told, truth]) => told < 0.72 * truth)).toBe(true);
});

test('a fault of one sensor falsifies one quantity: by another unit, by an offset, ever more, or at random', () => {
  for (const seed of ['a', 'b', 'c', 'd', 'e', 'f']) {
    const ofUnit = pairs('unit', MADRID, falsified('unit', MADRID, seed), seed);
    expect(mean(ofUnit.map(([told, truth]) => Math.abs(told - truth) / Math.max(1, Math.abs(truth))))).toBeGreaterThan(
      0.2,
    );

    const biased = pairs('bias', MADRID, falsified('bias', MADRID, seed), seed);
    expect(biased.every(([told, truth]) => told >= truth)).toBe(true);
    expect(correlation(biased)).toBeGreaterThan(0.85);

    const drifting = pairs('drift', MADRID, falsified('drift', MADRID, seed), seed).map(
      ([told, truth]) => told - truth,
    );
    expect(mean(drifting.slice(0, 48))).toBeLessThan(0.5 * mean(drifting.slice(-48)));

    const scattered = pairs('noise', MADRID, falsified('noise', MADRID, seed), seed).map(
      ([told, truth]) => told - truth,
    );
    expect(scattered.some((off) => off < 0)).toBe(true);
    expect(scattered.some((off) => off > 0)).toBe(true);
  }
});

test('a false place is the true air of another one', () => {
  for (const [name, of] of [
    ['location', 'Dingling'],
    ['abroad', '28079008'],
  ] as const) {
    const behaviour = behaviourFor(name, BEIJING);
    expect(behaviour).toMatchObject({ of });
    for (const hour of [START, START + 50, END - 1]) {
      for (const [code, value] of sent(name, BEIJING, hour)) expect(honest(of, hour).get(code)).toBe(value);
    }
  }
});

function same(one: Given, other: Given): boolean {
  return one.size === other.size && [...one].every(([code, value]) => other.get(code) === value);
}
