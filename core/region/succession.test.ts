import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DAY0_MS, HOUR_MS, memberOf, reading, TestLog } from '../../test/support/region-log.ts';
import { valuesOf } from '../../test/support/town.ts';
import { ALIKE_EPOCHS, withAlike, type SeriesDay } from '../reward/alike.ts';
import { weighDays, type DeviceDay } from '../reward/weight.ts';
import type { DeviceId } from '../ids.ts';
import { MAIN_RULES } from '../rules/main.ts';
import type { BatchEffect } from './apply-batch.ts';
import type { EntryBody } from './entry.ts';
import { applyEntry } from './fold.ts';
import { noOutputs, type Outputs } from './outputs.ts';
import { admitSuccession } from './succession.ts';
import { emptyState, encodeState } from './state.ts';
import { decodeEntry, encodeEntryBody } from './codec.ts';

const DEVICES = 5;
const DAYS = 9;
const HOURS = DAYS * 24;
/** The one that changes its key, and one that sends what it sends: they share a density cell, as all do. */
const TURNED = 1;
const TWIN = 4;

const keyOf = (turn: number): DeviceId =>
  turn === 0 ? memberOf(TURNED).device : (`did:key:z6Mk${'b'.repeat(43)}${turn}` as DeviceId);

/** What the device does in an hour besides sending what it measures. */
type Deed = {
  readonly hour: number;
  readonly what: 'silent' | 'broken' | 'again' | 'overtaken' | 'late' | 'conflict' | 'maintenance' | 'ahead';
};
/** A new key, before or after the hour's post. */
type Turn = { readonly hour: number; readonly isBefore: boolean };
type Life = { readonly log: TestLog; readonly effects: readonly BatchEffect[] };

/** `isTurned` false: the same life under one key, with entries that say nothing in place of those of the rotation. */
function live(deeds: readonly Deed[], turns: readonly Turn[], isTurned: boolean): Life {
  const log = new TestLog(DEVICES);
  const effects: BatchEffect[] = [];
  const owned = memberOf(TURNED);
  let turned = 0;
  let silentMs = DAY0_MS;
  const turn = (ms: number): void => {
    const from = keyOf(turned);
    const stale: EntryBody = { ...owned, version: 0 };
    if (isTurned) turned += 1;
    const device = keyOf(turned);
    log.add(isTurned ? { kind: 'inherit', device, from, reputation: null } : stale, ms);
    log.add(isTurned ? { ...owned, device, version: 1 } : stale, ms);
  };
  for (let hour = 0; hour < HOURS; hour += 1) {
    const startMs = DAY0_MS + hour * HOUR_MS;
    const ofHour = turns.filter((one) => one.hour === hour);
    for (const { isBefore } of ofHour) if (isBefore) turn(startMs + 1000);
    for (let slot = 0; slot < DEVICES; slot += 1) {
      const own = valuesOf(slot === TWIN ? TURNED : slot, hour);
      const quarters = [0, 15, 30, 45].flatMap((minute) => [
        reading('temp', startMs + minute * 60_000, own.temp + minute / 300),
        reading('pm25', startMs + minute * 60_000, own.pm25 + minute / 100),
      ]);
      const sentMs = startMs + HOUR_MS - 60_000 + slot * 500;
      const what = slot === TURNED ? deeds.find((deed) => deed.hour === hour)?.what : undefined;
      const post = (readings = quarters): void => {
        const effect = log.post(slot, sentMs, readings);
        if (slot === TURNED) effects.push(effect);
      };
      if (what === 'silent') {
        silentMs = startMs;
        continue;
      }
      if (what === 'maintenance')
        log.add(
          { kind: 'maintenance', device: keyOf(turned), fromMs: startMs, untilMs: startMs + 5 * HOUR_MS },
          startMs,
        );
      if (what === 'broken') post(quarters.map((one) => ({ ...one, steps: one.steps + 9000 })));
      else if (what === 'overtaken') {
        post(quarters.slice(4));
        post(quarters.slice(0, 4));
      } else if (what === 'ahead') post([...quarters, reading('temp', startMs + HOUR_MS + 120_000, own.temp)]);
      else post();
      if (what === 'again') post();
      if (what === 'conflict') post(quarters.map((one) => ({ ...one, steps: one.steps + 1 })));
      if (what === 'late') post([reading('temp', silentMs + 7000, own.temp)]);
    }
    for (const { isBefore } of ofHour) if (!isBefore) turn(startMs + HOUR_MS - 30_000);
    log.close(DAY0_MS / HOUR_MS + hour, startMs + HOUR_MS + 300_000);
  }
  return { log, effects };
}

/** Under whichever key. */
function nameless(value: unknown): unknown {
  const names = new Set<unknown>([1, 2, 3].map(keyOf));
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => (key === 'origin' ? null : names.has(inner) ? keyOf(0) : inner)),
  );
}

/** Weights of every epoch: what is paid follows from them alone. */
function weights({ days }: Outputs): unknown {
  const week = days.map(({ member, epoch, series }): SeriesDay => {
    return { device: member.origin ?? member.device, epoch, series };
  });
  return [...Map.groupBy(days, ({ epoch }) => epoch)].map(([epoch, ofEpoch]) => {
    const weighed = ofEpoch.map(({ member, scoreBps, score30Bps, eligible }): DeviceDay => {
      return { ...member, cell: 'here', scoreBps, score30Bps, eligible };
    });
    const own = week.filter((day) => day.epoch > epoch - ALIKE_EPOCHS && day.epoch <= epoch);
    return weighDays(withAlike(weighed, own, epoch, 24), MAIN_RULES.reward)
      .map(({ owner, rank, slotBps, weight }) => ({ owner, rank, slotBps, weight }))
      .toSorted((a, b) => (a.owner < b.owner ? -1 : 1));
  });
}

const hourOfLife = fc.integer({ min: 0, max: HOURS - 1 });
const deeds = fc.uniqueArray(
  fc.record({
    hour: hourOfLife,
    what: fc.constantFrom(
      'silent' as const,
      'broken' as const,
      'again' as const,
      'overtaken' as const,
      'late' as const,
      'conflict' as const,
      'maintenance' as const,
      'ahead' as const,
    ),
  }),
  { selector: ({ hour }) => hour, maxLength: 40 },
);
const turns = fc.array(fc.record({ hour: hourOfLife, isBefore: fc.boolean() }), { minLength: 1, maxLength: 3 });

test(
  'a life split over keys at any moments gives the receipts, verdicts, scores and pay of one key',
  { timeout: 240_000 },
  () => {
    fc.assert(
      fc.property(deeds, turns, (done, changed) => {
        const one = live(done, changed, false);
        const split = live(done, changed, true);
        expect(split.effects).toEqual(one.effects);
        expect(nameless(split.log.outputs)).toEqual(nameless(one.log.outputs));
        expect(weights(split.log.outputs)).toEqual(weights(one.log.outputs));
        // Of the state, all but the names and what belongs to a key.
        const whole = (log: TestLog): unknown => {
          const { devices, ...state } = log.state;
          return nameless({
            ...state,
            devices: devices.map(({ former: _former, highNonce: _nonce, recent: _recent, ...device }) => device),
          });
        };
        expect(whole(split.log)).toEqual(whole(one.log));
        expect(split.log.state.devices[TURNED]?.former).toHaveLength(changed.length);
      }),
      { numRuns: 20 },
    );
  },
);

/** After the change, of a day before it. */
const LATE: readonly Deed[] = [
  { hour: 30, what: 'silent' },
  { hour: 60, what: 'late' },
];

test('the log with a change of keys gives the same state again, read back from its bytes', () => {
  const { log } = live(LATE, [{ hour: 50, isBefore: false }], true);
  const state = emptyState();
  for (const { seq, receivedMs, ...body } of log.entries) {
    const entry = decodeEntry({ seq, receivedMs, kind: body.kind, body: encodeEntryBody(body) });
    if (!entry.ok) throw new Error(entry.error.detail);
    applyEntry(state, entry.value, MAIN_RULES, noOutputs());
  }
  expect(encodeState(state)).toEqual(encodeState(log.state));
});

test('days are under the key that had the device when they closed, with what came late for them', () => {
  const { log } = live(LATE, [{ hour: 50, isBefore: false }], true);
  const ofSlot = (key: DeviceId) => log.outputs.days.filter(({ member }) => member.device === key);
  const [first] = ofSlot(keyOf(0));
  expect(ofSlot(keyOf(0)).map(({ epoch }) => epoch)).toEqual([0, 1].map((day) => DAY0_MS / (24 * HOUR_MS) + day));
  expect(first?.member.origin).toBeNull();
  expect(ofSlot(keyOf(1))).toHaveLength(DAYS - 2);
  expect(ofSlot(keyOf(1))[0]?.member).toMatchObject({ origin: keyOf(0), owner: memberOf(TURNED).owner });
  expect(log.outputs.revisions.map(({ member, epoch }) => [member.device, epoch])).toEqual([
    [keyOf(0), DAY0_MS / (24 * HOUR_MS) + 1],
  ]);
});

test('an event goes on under the key under which it began', () => {
  const broken = [47, 48, 49, 50, 51, 52].map((hour): Deed => ({ hour, what: 'broken' }));
  const { log } = live(broken, [{ hour: 50, isBefore: true }], true);
  const ofSlot = log.outputs.events.filter(
    ({ slot, startHour }) => slot === TURNED && startHour === DAY0_MS / HOUR_MS + 47,
  );
  expect(new Set(ofSlot.map(({ change }) => change))).toContain('end');
  expect(new Set(ofSlot.map(({ device }) => device))).toEqual(new Set([keyOf(0)]));
});

test('neither the old key nor one that is known already can be a successor, and the old key is nobody any more', () => {
  const log = new TestLog(2);
  const [first, second] = [memberOf(0).device, memberOf(1).device];
  log.add({ kind: 'inherit', device: second, from: first, reputation: null }, DAY0_MS);
  expect(log.state.devices[0]?.former).toEqual([]);
  log.add({ kind: 'inherit', device: keyOf(1), from: first, reputation: null }, DAY0_MS);
  log.add({ ...memberOf(0), device: keyOf(1) }, DAY0_MS);
  log.add(memberOf(0, { version: 2, status: 'retired' }), DAY0_MS);
  log.add(memberOf(0, { version: 3, status: 'active' }), DAY0_MS);
  log.add({ kind: 'inherit', device: first, from: keyOf(1), reputation: null }, DAY0_MS);
  log.add({ kind: 'inherit', device: keyOf(2), from: first, reputation: null }, DAY0_MS);
  expect(log.state.devices).toHaveLength(2);
  expect(log.state.devices[0]).toMatchObject({
    membership: { device: keyOf(1), version: 1, status: 'active' },
    former: [{ device: first, version: 2, untilEpoch: null }],
  });
});

test('a device has at most 64 former keys, and keys alone change it once a day of the region', () => {
  const log = new TestLog(1);
  log.post(0, DAY0_MS + 1000, [reading('temp', DAY0_MS, 15)]);
  const key = (turn: number): DeviceId =>
    turn === 0 ? memberOf(0).device : (`did:key:z6Mk${'c'.repeat(40)}${1000 + turn}` as DeviceId);
  const turnTo = (turn: number) =>
    log.add({ kind: 'inherit', device: key(turn), from: key(turn - 1), reputation: null }, log.state.lastReceivedMs);
  const asked = (turn: number, isByKeysAlone: boolean) =>
    admitSuccession(log.state, key(turn), isByKeysAlone, MAIN_RULES.time);
  expect(asked(0, true)).toEqual({ ok: true, value: null });
  turnTo(1);
  expect(asked(1, true)).toEqual({ ok: false, error: { reason: 'already-rotated', device: key(1) } });
  expect(asked(1, false)).toEqual({ ok: true, value: null });
  const { firstHour } = log.state;
  log.close((firstHour ?? 0) + 23, DAY0_MS + 30 * HOUR_MS);
  expect(asked(1, true)).toEqual({ ok: true, value: null });
  for (let turn = 2; turn <= 70; turn += 1) turnTo(turn);
  expect(log.state.devices[0]?.former).toHaveLength(64);
  expect(asked(64, false)).toEqual({ ok: false, error: { reason: 'too-many-keys', limit: 64 } });
});

test('what was sent under the old key is a duplicate under the new one, and another value for it a conflict', () => {
  const log = new TestLog(1);
  const readings = [reading('temp', DAY0_MS, 15), reading('temp', DAY0_MS + 60_000, 15.5)];
  log.post(0, DAY0_MS + 120_000, readings);
  log.add({ kind: 'inherit', device: keyOf(1), from: memberOf(0).device, reputation: null }, DAY0_MS + 130_000);
  log.add({ ...memberOf(0), device: keyOf(1) }, DAY0_MS + 130_000);
  expect(log.post(0, DAY0_MS + 140_000, readings)).toMatchObject({ accepted: 0, duplicate: 2 });
  const other = log.post(0, DAY0_MS + 150_000, [reading('temp', DAY0_MS, 16)]);
  expect(other.refused.map(({ code }) => code)).toEqual(['conflicting-value']);
});
