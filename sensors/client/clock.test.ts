import { expect, test } from 'vitest';
import { CorrectedClock } from './clock.ts';

const BEHIND_MS = 20 * 60_000;

/** A machine whose clock is behind, as the network has just told it. */
function machine() {
  const time = { nowMs: 1_795_000_000_000, monotonicMs: 1_000 };
  const clock = new CorrectedClock({ nowMs: () => time.nowMs, monotonicMs: () => time.monotonicMs });
  clock.offsetMs = BEHIND_MS;
  const pass = (ms: number): void => {
    time.nowMs += ms;
    time.monotonicMs += ms;
  };
  return { clock, time, pass };
}

test('a correction holds while nobody sets the clock', () => {
  const { clock, pass } = machine();
  for (let hour = 0; hour < 48; hour++) {
    pass(3_600_000);
    expect(clock.offsetMs).toBe(BEHIND_MS);
  }
});

test('it ends when a time service sets the clock right, to within what the network could tell', () => {
  for (const inexactMs of [-900, 0, 900, 4_000]) {
    const { clock, time, pass } = machine();
    pass(7_000);
    time.nowMs += BEHIND_MS + inexactMs;
    expect(clock.offsetMs).toBe(0);
    pass(1_000);
    expect(clock.offsetMs).toBe(0);
  }
});

test('a machine that slept, or whose clock was set to something else, keeps it, and is set right later all the same', () => {
  const { clock, time, pass } = machine();
  time.nowMs += 3 * 3_600_000;
  expect(clock.offsetMs).toBe(BEHIND_MS);
  pass(60_000);
  time.nowMs -= 40_000;
  expect(clock.offsetMs).toBe(BEHIND_MS);
  time.nowMs += BEHIND_MS + 500;
  expect(clock.offsetMs).toBe(0);
});
