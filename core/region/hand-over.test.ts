import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EAST, WEST } from '../../test/support/border.ts';
import { DAY0_MS, HOUR_MS, memberOf, reading, TestLog } from '../../test/support/region-log.ts';
import { noise } from '../../test/support/town.ts';
import { compareHandOvers } from '../audit/compare-hand-overs.ts';
import { handOverRecord, replayEntry, startReplay } from '../audit/replay-region.ts';
import { METERS_PER_E5_DEGREE } from '../geo.ts';
import { weighDays } from '../reward/weight.ts';
import type { PlaceCell, RegionCell } from '../ids.ts';
import { MAIN_RULES } from '../rules/main.ts';
import { payStatusOf, statusOf } from './chain.ts';
import type { ArrivalBody, LogEntry, Reputation } from './entry.ts';
import { applyEntry } from './fold.ts';
import { noOutputs } from './outputs.ts';
import { emptyState, encodeState, type DeviceState } from './state.ts';
import { decodeEntry, encodeEntryBody } from './codec.ts';

const HOUR0 = DAY0_MS / HOUR_MS;
const THIRD = '833903fffffffff' as RegionCell;
const { device } = memberOf(0);
const placeAt = (meters: number) => ({
  latitudeE5: memberOf(0).latitudeE5 + Math.round(meters / METERS_PER_E5_DEGREE),
});

/** Hours from `from` on, one number each: 0 nothing, 1 nonsense, more is good. */
function live(log: TestLog, from: number, shown: readonly number[]): void {
  for (const [at, what] of shown.entries()) {
    const hour = from + at;
    const startMs = DAY0_MS + hour * HOUR_MS;
    const value = what === 1 ? 999 : 15 + noise(hour) / 2;
    if (what > 0) log.post(0, startMs + 1_800_000, [reading('temp', startMs + 1_799_000, value)]);
    log.close(HOUR0 + hour, startMs + HOUR_MS + 300_000);
  }
}

function only(log: TestLog): DeviceState {
  const [first] = log.state.devices;
  if (first === undefined) throw new Error('no device');
  return first;
}

function leave(log: TestLog, hour: number, version: number): Reputation & { readonly leftSeq: number } {
  const known = only(log).membership;
  log.add({ ...known, version, status: 'retired' }, DAY0_MS + hour * HOUR_MS + 600_000);
  const { departure } = only(log);
  if (departure === null) throw new Error('it did not leave');
  return { ...departure.reputation, leftSeq: departure.seq };
}

function enter(
  log: TestLog,
  { leftSeq, ...reputation }: ReturnType<typeof leave>,
  where: { readonly hour: number; readonly version: number; readonly meters: number },
): ArrivalBody {
  const ms = DAY0_MS + where.hour * HOUR_MS + 601_000;
  const body: ArrivalBody = { kind: 'inherit', device, from: WEST, leftSeq, reputation };
  log.add(memberOf(0, { version: where.version, ...placeAt(where.meters) }), ms);
  log.add(body, ms);
  return body;
}

const newLog = (cell = WEST, devices = 1) => new TestLog(devices, MAIN_RULES, DAY0_MS, cell);
const standing = ({ score30Bps, weeklyBps, eligible }: DeviceState) => [score30Bps, weeklyBps, Number(eligible)];
const shown = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 30, maxLength: 100 });

test(
  'a device comes with what its region knew of it, less what the distance takes, never with more',
  { timeout: 60_000 },
  () => {
    fc.assert(
      fc.property(shown, fc.integer({ min: 0, max: 25_000 }), (hours, meters) => {
        const west = newLog();
        live(west, 0, hours);
        const before = structuredClone(only(west));
        const left = leave(west, hours.length, 2);
        const east = newLog(EAST, 0);
        enter(east, left, { hour: hours.length, version: 3, meters });
        const now = only(east);
        for (const [at, number] of standing(now).entries())
          expect(number).toBeLessThanOrEqual(standing(before)[at] ?? 0);
        if (meters === 0) expect(standing(now)).toEqual(standing(before));
        expect(now).toMatchObject({ highNonce: before.highNonce, scoreDays: before.scoreDays, departure: null });
        const sum = (days: readonly number[]) => days.reduce((all, day) => all + day, 0);
        expect(sum(now.badHours)).toBeGreaterThanOrEqual(sum(before.badHours));
      }),
      { numRuns: 30 },
    );
  },
);

test('a bad day that is not over yet goes along', () => {
  const west = newLog();
  live(west, 0, [...Array.from({ length: 24 }, () => 2), ...Array.from({ length: 12 }, () => 1)]);
  expect(only(west).badHours).toEqual([0, 0]);
  const east = newLog(EAST, 0);
  enter(east, leave(west, 36, 2), { hour: 36, version: 3, meters: 0 });
  expect(only(east).badHours).toEqual([120_000, 0]);
});

test('windows that are not over go on in the new region and end in the old one, on one budget', () => {
  const west = newLog();
  live(
    west,
    0,
    Array.from({ length: 30 }, () => 2),
  );
  const fromMs = DAY0_MS + 30 * HOUR_MS;
  west.add({ kind: 'maintenance', device, fromMs, untilMs: fromMs + 10 * HOUR_MS }, fromMs);
  live(west, 30, [0, 0, 0, 0]);
  const left = leave(west, 34, 2);
  const leftMs = fromMs + 4 * HOUR_MS + 600_000;
  expect(only(west).maintenance).toEqual([{ fromMs, untilMs: leftMs, announcedMs: fromMs }]);
  expect(left.maintained).toEqual([5]);
  const east = newLog(EAST, 0);
  enter(east, left, { hour: 34, version: 3, meters: 0 });
  expect(only(east).maintenance).toEqual([{ fromMs: leftMs, untilMs: fromMs + 10 * HOUR_MS, announcedMs: fromMs }]);
  // The day pays at most once: four hours excused there, the rest here.
  live(
    west,
    34,
    Array.from({ length: 14 }, () => 0),
  );
  live(
    east,
    34,
    Array.from({ length: 14 }, (_, at) => (at < 6 ? 0 : 2)),
  );
  const shares = [west, east].map(({ outputs }) => outputs.days.at(-1)?.parts.availabilityBps ?? 0);
  expect(shares[0] ?? 0).toBeLessThanOrEqual(Math.floor((11 * 10_000) / (24 * 0.85)));
  expect(shares[1] ?? 0).toBeLessThanOrEqual(Math.floor((15 * 10_000) / (24 * 0.85)));
});

test('seniority is that of the density cell: who moves, also over a border, ranks behind those who were there', () => {
  const density = '87390ca01ffffff' as PlaceCell;
  const nearby = newLogWith(2);
  nearby.add(memberOf(0, { version: 2, ...placeAt(300) }), DAY0_MS + 2 * HOUR_MS);
  expect(only(nearby).settledMs).toBe(0);
  const movedMs = DAY0_MS + 3 * HOUR_MS;
  nearby.add(memberOf(0, { version: 3, density }), movedMs);
  live(
    nearby,
    3,
    Array.from({ length: 21 }, () => 2),
  );
  const [day] = nearby.outputs.days;
  if (day === undefined) throw new Error('no day');
  expect(day.member.claimedMs).toBe(movedMs);
  const mover = { ...day.member, cell: WEST, scoreBps: 10_000, score30Bps: 10_000, eligible: true };
  const settled = { ...mover, device: memberOf(1).device, claimedMs: memberOf(1).claimedMs };
  const ranks = new Map(weighDays([mover, settled], MAIN_RULES.reward).map((one) => [one.device, one.rank]));
  expect([ranks.get(settled.device), ranks.get(device)]).toEqual([1, 2]);

  const left = leave(nearby, 24, 4);
  const [same, other] = [newLog(EAST, 0), newLog(EAST, 0)];
  enter(same, { ...left, density: memberOf(0).density }, { hour: 24, version: 5, meters: 0 });
  enter(other, left, { hour: 24, version: 5, meters: 0 });
  expect([only(same).settledMs, only(other).settledMs]).toEqual([movedMs, left.leftMs]);
});

test('a proven clone stays one wherever it goes, until the operator lifts it', () => {
  const west = newLogWith(2);
  only(west).chain = { lines: [], forks: [], provenSeq: 2 };
  const east = newLog(EAST, 0);
  const left = leave(west, 2, 2);
  expect(payStatusOf(only(west))).toBe('quarantined');
  enter(east, left, { hour: 2, version: 3, meters: 100 });
  expect(only(east)).toMatchObject({ membership: { status: 'active' }, chain: { provenSeq: east.state.seq } });
  expect(statusOf(only(east))).toBe('quarantined');
  // Back, unknown to the registry still; then the operator looks at it in the other region.
  enter(west, leave(east, 3, 4), { hour: 3, version: 5, meters: 0 });
  expect(statusOf(only(west))).toBe('quarantined');
  enter(east, leave(west, 4, 6), { hour: 4, version: 7, meters: 0 });
  east.add(memberOf(0, { version: 8, status: 'quarantined' }), DAY0_MS + 5 * HOUR_MS);
  east.add(memberOf(0, { version: 9 }), DAY0_MS + 5 * HOUR_MS);
  expect(statusOf(only(east))).toBe('active');
  enter(west, leave(east, 6, 10), { hour: 6, version: 11, meters: 0 });
  expect(statusOf(only(west))).toBe('active');
});

test('what it measured before it came is refused, also where its clock was ahead', () => {
  const west = newLog();
  live(
    west,
    0,
    Array.from({ length: 30 }, () => 2),
  );
  const comeMs = DAY0_MS + 30 * HOUR_MS + 601_000;
  west.post(0, comeMs - 10_000, [reading('temp', comeMs + 100_000, 15)]);
  const east = newLog(EAST, 0);
  enter(east, leave(west, 30, 2), { hour: 30, version: 3, meters: 100 });
  const told = east.post(0, DAY0_MS + 31 * HOUR_MS + 60_000, [
    reading('temp', comeMs - 60_000, 15),
    reading('temp', comeMs + 100_000, 15),
    reading('temp', DAY0_MS + 31 * HOUR_MS - 1, 15),
    reading('temp', DAY0_MS + 31 * HOUR_MS, 15),
  ]);
  // The hour that it has measured in there is no hour here.
  expect(told.refused.map(({ code }) => code)).toEqual(['before-move', 'before-move', 'before-move']);
});

test('a device that goes round three regions each hour has no hour twice, and no first day after the first', () => {
  const logs = [newLog(WEST), newLog(EAST, 0), newLog(THIRD, 0)];
  let version = 1;
  const counted: number[] = [];
  for (let hour = 0; hour < 12; hour += 1) {
    for (const [at, log] of logs.entries()) {
      const cameMs = DAY0_MS + hour * HOUR_MS + at * 1_000_000;
      const isFirst = hour === 0 && at === 0;
      if (!isFirst) {
        const from = logs[(at + 2) % 3];
        if (from === undefined) throw new Error('three regions');
        from.add({ ...only(from).membership, version: ++version, status: 'retired' }, cameMs);
        const { departure } = only(from);
        if (departure === null) throw new Error('it did not leave');
        const { seq: leftSeq, reputation } = departure;
        log.add(memberOf(0, { version: ++version, ...placeAt(at * 67_000) }), cameMs + 1);
        log.add({ kind: 'inherit', device, from: WEST, leftSeq, reputation }, cameMs + 1);
      }
      const told = log.post(0, cameMs + 400_000, [reading('temp', cameMs + 300_000, 15 + noise(hour + at))]);
      if (told.accepted > 0) counted.push(hour);
    }
  }
  expect(counted).toEqual(Array.from({ length: 12 }, (_, hour) => hour));
  expect(logs.slice(1).map((log) => standing(only(log)).at(-1))).toEqual([0, 0]);
});

test('back where it came from, it has what the region between knew, and no more', () => {
  const west = newLog();
  live(
    west,
    0,
    Array.from({ length: 48 }, () => 2),
  );
  const first = leave(west, 48, 2);
  const east = newLog(EAST, 0);
  enter(east, first, { hour: 48, version: 3, meters: 5000 });
  live(east, 49, [...Array.from({ length: 23 }, () => 2), ...Array.from({ length: 24 }, () => 1)]);
  const between = structuredClone(only(east));
  const second = leave(east, 96, 4);
  enter(west, second, { hour: 96, version: 5, meters: 0 });
  for (const [at, number] of standing(only(west)).entries())
    expect(number).toBeLessThanOrEqual(standing(between)[at] ?? 0);
  expect(only(west)).toMatchObject({ departure: null, highNonce: between.highNonce });
});

test('who has a history here brings none along, and whoever nobody knows neither', () => {
  const west = newLog();
  live(
    west,
    0,
    Array.from({ length: 30 }, () => 2),
  );
  const kept = encodeState({ ...west.state, seq: 0 });
  const reputation = { ...leave(newLogWith(30), 30, 2), score30Bps: 10_000, weeklyBps: 10_000 };
  const { leftSeq, ...brought } = reputation;
  const receivedMs = west.state.lastReceivedMs;
  for (const id of [device, memberOf(7).device])
    west.add({ kind: 'inherit', device: id, from: EAST, leftSeq, reputation: brought }, receivedMs);
  expect(encodeState({ ...west.state, seq: 0 })).toEqual(kept);
});

function newLogWith(hours: number): TestLog {
  const log = newLog();
  live(
    log,
    0,
    Array.from({ length: hours }, () => 2),
  );
  return log;
}

function moved(change: (body: ArrivalBody) => ArrivalBody = (body) => body): readonly (readonly LogEntry[])[] {
  const west = newLogWith(30);
  const left = leave(west, 30, 2);
  const east = newLog(EAST, 0);
  enter(east, left, { hour: 30, version: 3, meters: 1000 });
  live(east, 31, [2, 2]);
  return [
    west.entries,
    east.entries.map((entry) =>
      entry.kind === 'inherit' && entry.reputation !== null
        ? { ...change(entry), seq: entry.seq, receivedMs: entry.receivedMs }
        : entry,
    ),
  ];
}

test('an audit with both logs finds a reputation that the old region did not give', () => {
  const compared = (logs: ReturnType<typeof moved>) =>
    compareHandOvers(
      logs.map((entries, at) => {
        const replay = startReplay(at === 0 ? WEST : EAST, MAIN_RULES);
        for (const entry of entries) {
          const one = replayEntry(replay, entry);
          if (!one.ok) throw new Error(one.error.reason);
        }
        return handOverRecord(replay);
      }),
    );
  expect(compared(moved())).toEqual({ ok: true, value: 1 });
  const better = moved((body) => ({ ...body, reputation: { ...body.reputation, weeklyBps: 10_000 } }));
  expect(compared(better)).toMatchObject({ ok: false, error: { reason: 'hand-over', at: { region: EAST, device } } });
  const elsewhere = moved((body) => ({ ...body, leftSeq: 3 }));
  expect(compared(elsewhere)).toMatchObject({ ok: false, error: { recomputed: 'it did not leave there' } });
  // Without the old region's log nothing can be said.
  expect(compared([[], moved()[1] ?? []])).toEqual({ ok: true, value: 0 });
});

test('the log of an arrival gives the same state again, read back from its bytes', () => {
  const [, entries = []] = moved();
  const [live1, read] = [emptyState(), emptyState()];
  for (const entry of entries) {
    applyEntry(live1, entry, MAIN_RULES, noOutputs());
    const { seq, receivedMs, ...body } = entry;
    const stored = decodeEntry({ seq, receivedMs, kind: body.kind, body: encodeEntryBody(body) });
    if (!stored.ok) throw new Error(stored.error.detail);
    applyEntry(read, stored.value, MAIN_RULES, noOutputs());
  }
  expect(encodeState(read)).toEqual(encodeState(live1));
});
