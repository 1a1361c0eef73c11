import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DAY0_MS, HOUR_MS, memberOf, reading, TestLog } from '../../test/support/region-log.ts';
import { FAIL, SUSPECT } from '../reading/reading.ts';
import { MAIN_RULES } from '../rules/main.ts';
import type { LogEntry } from './entry.ts';
import { applyEntry } from './fold.ts';
import { noOutputs } from './outputs.ts';
import { decodeState, emptyState, encodeState } from './state.ts';
import { decodeEntry, encodeEntryBody } from './codec.ts';

const HOUR0 = DAY0_MS / HOUR_MS;

function dayOf(devices: number): TestLog {
  const log = new TestLog(devices);
  for (let hour = 0; hour < 24; hour += 1) {
    for (let slot = 0; slot < devices; slot += 1) {
      const measuredMs = DAY0_MS + hour * HOUR_MS + 60_000;
      const temperature = 10 + ((hour * 7 + slot * 3) % 11) / 2;
      log.post(slot, measuredMs + 1000, [
        reading('temp', measuredMs, temperature),
        reading('rh', measuredMs, 50 + ((hour * 5 + slot) % 13)),
      ]);
    }
    log.close(HOUR0 + hour, DAY0_MS + (hour + 1) * HOUR_MS + 300_000);
  }
  return log;
}

/** The entry as it comes back from the log. */
function stored(entry: LogEntry): LogEntry {
  const { seq, receivedMs, ...body } = entry;
  const read = decodeEntry({ seq, receivedMs, kind: body.kind, body: encodeEntryBody(body) });
  if (!read.ok) throw new Error(read.error.detail);
  return read.value;
}

test('the stored log gives the same state, byte for byte, and the same outputs as the live one', () => {
  const log = dayOf(3);
  const state = emptyState();
  const outputs = noOutputs();
  for (const entry of log.entries) applyEntry(state, stored(entry), MAIN_RULES, outputs);
  expect(encodeState(state)).toEqual(encodeState(log.state));
  expect(outputs).toEqual(log.outputs);
});

test('a state stored and read back after any entry goes on as if it had never left memory', () => {
  const { entries, state: final } = dayOf(2);
  const whole = encodeState(final);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: entries.length }), (cut) => {
      let state = emptyState();
      for (const entry of entries.slice(0, cut)) applyEntry(state, entry, MAIN_RULES, noOutputs());
      state = decodeState(encodeState(state));
      for (const entry of entries.slice(cut)) applyEntry(state, entry, MAIN_RULES, noOutputs());
      expect(encodeState(state)).toEqual(whole);
    }),
    { numRuns: 25 },
  );
});

test('a whole good day scores full marks for every device that has neighbors', () => {
  const { outputs } = dayOf(4);
  expect(outputs.days.map((day) => [day.member.device, day.scoreBps])).toEqual(
    [0, 1, 2, 3].map((slot) => [memberOf(slot).device, 10_000]),
  );
  expect(outputs.hours).toHaveLength(24);
  expect(outputs.events).toEqual([]);
});

test('a value out of range fails its hour, opens an event and lowers the score', () => {
  const log = new TestLog(1);
  for (let hour = 0; hour < 24; hour += 1) {
    const measuredMs = DAY0_MS + hour * HOUR_MS;
    const bad = hour >= 5 && hour < 9;
    const effect = log.post(0, measuredMs + 1000, [reading('temp', measuredMs, bad ? 99 : 15 + (hour % 4))]);
    expect(effect.flags.map(({ test, flag }) => [test, flag])).toEqual(bad ? [['range', FAIL]] : []);
    log.close(HOUR0 + hour, measuredMs + HOUR_MS + 300_000);
  }
  expect(
    log.outputs.events.map(({ test, startHour, endHour, flag, measured, low, high }) => ({
      test,
      startHour,
      endHour,
      flag,
      measured,
      low,
      high,
    })),
  ).toEqual([
    { test: 1, startHour: HOUR0 + 5, endHour: null, flag: FAIL, measured: 99, low: -80, high: 60 },
    { test: 1, startHour: HOUR0 + 5, endHour: HOUR0 + 9, flag: FAIL, measured: 99, low: -80, high: 60 },
  ]);
  const [day] = log.outputs.days;
  // 20 of 24 hours are good: availability 20 / (24 * .85); integrity loses 4/24; nobody is near to confirm any of it.
  expect(day?.parts).toEqual({
    availabilityBps: 9803,
    integrityBps: 8333,
    reliabilityBps: 8000,
    causes: [['range', 4]],
    costs: [
      ['range', 197 + 1635],
      ['unverified', 1634],
    ],
  });
  expect(day?.scoreBps).toBe(6534);
});

test('a value that stands still for longer than its quantity may is suspect, then fails', () => {
  const log = new TestLog(1);
  const flags: number[] = [];
  for (let hour = 0; hour < 16; hour += 1) {
    const measuredMs = DAY0_MS + hour * HOUR_MS;
    const effect = log.post(0, measuredMs + 1000, [reading('temp', measuredMs, 15.5)]);
    flags.push(effect.flags[0]?.flag ?? 1);
  }
  // flatHours is 6 for temperature: suspect after 6 h, fail after 12 h.
  expect(flags).toEqual([1, 1, 1, 1, 1, 1, 1, SUSPECT, SUSPECT, SUSPECT, SUSPECT, SUSPECT, SUSPECT, FAIL, FAIL, FAIL]);
});

test('a jump is laid to the reading that leaves the level; a level that stays is honest', () => {
  const log = new TestLog(1);
  const values = [15, 40, 15, 15, 40, 40, 41];
  const tests = values.map((value, hour) => {
    const measuredMs = DAY0_MS + hour * HOUR_MS;
    return log.post(0, measuredMs + 1000, [reading('temp', measuredMs, value)]).flags.map((flag) => flag.test);
  });
  expect(tests).toEqual([[], ['step'], [], [], ['step'], [], []]);
});

test('readings of a closed hour are kept as late, change no verdict and come out in the daily revision', () => {
  const log = new TestLog(1);
  for (let hour = 0; hour < 48; hour += 1) {
    const measuredMs = DAY0_MS + hour * HOUR_MS;
    if (hour < 3 || hour > 4) log.post(0, measuredMs + 1000, [reading('temp', measuredMs, 15 + (hour % 5))]);
    log.close(HOUR0 + hour, measuredMs + HOUR_MS + 300_000);
    if (hour === 30) {
      const missed = [3, 4].map((at) => reading('temp', DAY0_MS + at * HOUR_MS, 16));
      const effect = log.post(0, measuredMs + HOUR_MS + 400_000, missed);
      expect([effect.accepted, effect.late]).toEqual([2, 2]);
    }
  }
  const [first] = log.outputs.days;
  expect(first?.series[0]?.hours.filter((cell) => cell === null)).toHaveLength(2);
  expect(log.outputs.revisions).toHaveLength(1);
  const [revision] = log.outputs.revisions;
  expect(revision?.epoch).toBe(first?.epoch);
  expect(revision?.late).toBe(2);
  expect(revision?.series[0]?.hours.flatMap((cell, at) => (cell === null ? [] : [at]))).toEqual([3, 4]);
});

test('a device under announced maintenance is neither judged nor blamed, and not before the announcement', () => {
  const log = new TestLog(1);
  const untilMs = DAY0_MS + 10 * HOUR_MS;
  for (let hour = 0; hour < 12; hour += 1) {
    const measuredMs = DAY0_MS + hour * HOUR_MS;
    if (hour === 4)
      log.add({ kind: 'maintenance', device: memberOf(0).device, fromMs: DAY0_MS, untilMs }, measuredMs - 1);
    const effect = log.post(0, measuredMs + 1000, [reading('temp', measuredMs, 99)]);
    expect(effect.flags.length).toBe(hour < 4 || hour >= 10 ? 1 : 0);
  }
});

/** Two days of six stations with places of their own; slots 3 and 4 stand together. Slot 5 copies slot 0 in the second. */
function townWithCopier(): TestLog {
  const log = new TestLog(6);
  for (let hour = 0; hour < 60; hour += 1) {
    const measuredMs = DAY0_MS + hour * HOUR_MS + 60_000;
    const common = 30 + ((hour * 37) % 53) / 2;
    const values = (slot: number): [number, number] => {
      const own = ((hour * 29 + slot * 43) % 47) / 10;
      return [(slot + 2) * 8 + common + own, (9 - slot) * 6 + common - own];
    };
    for (let slot = 0; slot < 6; slot += 1) {
      const isCopy = slot === 5 && hour >= 24;
      const [rh, pm] = values(isCopy ? 0 : slot === 4 ? 3 : slot);
      const noise = isCopy ? 1.005 : slot === 4 ? 1.001 : 1;
      log.post(slot, measuredMs + 1000 + slot * 500, [
        reading('rh', measuredMs, rh * noise),
        reading('pm25', measuredMs, pm * noise),
      ]);
    }
    log.close(HOUR0 + hour, DAY0_MS + (hour + 1) * HOUR_MS + 300_000);
  }
  return log;
}

test('a device that begins to repeat another is named with it; the other one and honest twins are not', () => {
  const log = townWithCopier();
  const named = log.outputs.events.filter((event) => event.test === 16);
  expect(new Set(named.map((event) => [event.slot, event.against].join()))).toEqual(
    new Set([`5,${memberOf(0).device}`]),
  );
  const twin = log.state.devices[4]?.copies.find((copy) => copy.slot === 3);
  // Known to be alike from the first day on, which is no evidence.
  expect(twin?.usual).toBeGreaterThan(0.8);
  expect(twin?.nats).toBeLessThan(45);
});

test('no entry makes the fold throw, whatever its facts', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.record({ kind: fc.constant('hour-close' as const), hour: fc.integer() }),
          fc.record({
            kind: fc.constant('neighbour-cells' as const),
            hour: fc.integer({ min: HOUR0 - 300, max: HOUR0 + 300 }),
            blocks: fc.constant([]),
          }),
          fc.record({
            kind: fc.constant('batch' as const),
            slot: fc.integer({ min: -1, max: 3 }),
            nonce: fc.bigInt(0n, 2n ** 64n - 1n).map((nonce) => nonce.toString(16).padStart(16, '0')),
            digest: fc.uint8Array({ minLength: 32, maxLength: 32 }),
            readings: fc.uint8Array(),
            evidence: fc.uint8Array(),
          }),
        ),
        { maxLength: 30 },
      ),
      (bodies) => {
        const log = new TestLog(2);
        log.post(0, DAY0_MS + 5000, [reading('temp', DAY0_MS, 12)]);
        for (const body of bodies) log.add(body, DAY0_MS + 6000);
        expect(encodeState(log.state).length).toBeGreaterThan(0);
      },
    ),
    { numRuns: 60 },
  );
});
