import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packReadings, unpackReadings } from './pack.ts';
import { QUANTITIES } from './quantity.ts';
import type { Reading } from './reading.ts';

const readings = fc.array(
  fc.record({
    quantity: fc.integer({ min: 0, max: QUANTITIES.length - 1 }),
    measuredMs: fc.oneof(
      fc.integer({ min: 0, max: 2 ** 47 }),
      fc.integer({ min: 1_760_000_000, max: 1_760_003_600 }).map((s) => s * 1000),
    ),
    steps: fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
  }),
  { maxLength: 80 },
);

function sorted(all: readonly Reading[]): Reading[] {
  return [...all].sort((left, right) => left.quantity - right.quantity || left.measuredMs - right.measuredMs);
}

test('what is packed comes back, sorted by quantity and time with ties in order', () => {
  fc.assert(
    fc.property(readings, (all) => {
      expect(unpackReadings(packReadings(all))).toEqual({ ok: true, value: sorted(all) });
    }),
  );
});

test('the bytes do not depend on the order of different moments', () => {
  fc.assert(
    fc.property(readings, (all) => {
      expect(packReadings(sorted(all))).toEqual(packReadings(all));
    }),
  );
});

test('any bytes are either refused or the one packing of what they hold', () => {
  const columns = fc.array(fc.nat(300), { maxLength: 40 }).map((bytes) => Uint8Array.from(bytes));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), columns), (bytes) => {
      const unpacked = unpackReadings(bytes);
      if (unpacked.ok) expect(packReadings(unpacked.value)).toEqual(bytes);
    }),
    { numRuns: 2000 },
  );
});

test('one flipped byte never makes the decoder throw or hang', () => {
  const packed = packReadings(realisticBatch(60, 1));
  for (let at = 0; at < packed.length; at += 1) {
    for (const change of [1, 0x80, 0xff]) {
      const changed = packed.slice();
      changed[at] = (changed[at] ?? 0) ^ change;
      expect(typeof unpackReadings(changed).ok).toBe('boolean');
    }
  }
});

test('a count that no bytes stand behind is refused before anything is allocated', () => {
  expect(unpackReadings(Uint8Array.from([0, 0xff, 0xff, 0xff, 0x7f]))).toEqual({
    ok: false,
    error: { reason: 'bad-pack', detail: 'impossible count' },
  });
});

test('a batch of sixty readings takes at most four bytes a reading', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    expect(packReadings(realisticBatch(60, seed)).length).toBeLessThanOrEqual(60 * 4);
  }
});

test('times that jitter by milliseconds still take at most four bytes a reading', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const jittered = realisticBatch(60, seed).map((reading) => ({
      ...reading,
      measuredMs: reading.measuredMs + (reading.measuredMs % 997),
    }));
    expect(packReadings(jittered).length).toBeLessThanOrEqual(60 * 4);
  }
});

test('a reading outside the domain is a bug of the caller', () => {
  expect(() => packReadings([{ quantity: 0, measuredMs: 0.5, steps: 1 }])).toThrow(RangeError);
  expect(() => packReadings([{ quantity: 0, measuredMs: 0, steps: Number.NaN }])).toThrow(RangeError);
});

/** Five quantities every five minutes, wandering as they do outdoors. */
function realisticBatch(count: number, seed: number): Reading[] {
  let state = seed;
  // Park and Miller's generator: repeatable, and plain arithmetic.
  const noise = (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647 - 0.5;
  };
  const series = [
    { quantity: 1, steps: 123, change: 40 },
    { quantity: 2, steps: 187, change: 60 },
    { quantity: 3, steps: 2140, change: 40 },
    { quantity: 4, steps: 540, change: 20 },
    { quantity: 5, steps: 10_132, change: 4 },
  ];
  return Array.from({ length: count }, (_, index) => {
    const one = series[index % series.length] ?? { quantity: 0, steps: 0, change: 0 };
    one.steps += Math.round(noise() * one.change);
    return {
      quantity: one.quantity,
      measuredMs: (1_763_805_600 + Math.floor(index / series.length) * 300) * 1000,
      steps: one.steps,
    };
  });
}
