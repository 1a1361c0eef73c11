import { bytesToHex } from '@noble/hashes/utils.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { expect, test } from 'vitest';
import { makeAct, newKey, placedAt, positionAt } from '../../test/support/lifecycle.ts';
import { charterOf, DAY0_MS, HOUR_MS, MADRID, memberOf, reading, TestLog } from '../../test/support/region-log.ts';
import type { LogEntry } from '../region/entry.ts';
import { encodeState } from '../region/state.ts';
import { LOCAL_RULES } from '../rules/local.ts';
import { MAIN_RULES } from '../rules/main.ts';
import { replayEntry, startReplay, stateHash, type RegionReplay } from './replay-region.ts';
import type { Difference } from './difference.ts';

const HOUR0 = DAY0_MS / HOUR_MS;
const EPOCH = DAY0_MS / (24 * HOUR_MS);
const GRACE_MS = MAIN_RULES.time.graceSeconds * 1000;

/** The backfilled week before is closed first, then a day of three devices hour by hour. */
function dayLog(): TestLog {
  const log = new TestLog(3);
  for (let hour = 0; hour < 24; hour += 1) {
    const hourMs = DAY0_MS + hour * HOUR_MS;
    for (let slot = 0; slot < 3; slot += 1) {
      const values = [reading('temp', hourMs + 600_000, 10 + ((hour * 7 + slot * 3) % 11) / 2)];
      log.post(slot, hourMs + 601_000, values);
    }
    log.close(HOUR0 + hour, hourMs + HOUR_MS + GRACE_MS);
  }
  return log;
}

function replay(entries: readonly LogEntry[]): {
  readonly replayed: RegionReplay;
  readonly difference: Difference | null;
} {
  const replayed = startReplay(MADRID, MAIN_RULES);
  for (const entry of entries) {
    const one = replayEntry(replayed, entry);
    if (!one.ok) return { replayed, difference: one.error };
  }
  return { replayed, difference: null };
}

const log = dayLog();
const seqOf = (kind: LogEntry['kind'], nth: number): number =>
  log.entries.filter((entry) => entry.kind === kind)[nth]?.seq ?? 0;
const altered = (seq: number, change: (entry: LogEntry) => LogEntry): LogEntry[] =>
  log.entries.map((entry) => (entry.seq === seq ? change(entry) : entry));

test('a whole log gives the state and the device-days that the region had', () => {
  const { replayed, difference } = replay(log.entries);
  expect(difference).toBeNull();
  expect(stateHash(replayed)).toBe(bytesToHex(sha256(encodeState(log.state))));
  const days = log.outputs.days.filter(({ epoch }) => epoch === EPOCH);
  expect(days).toHaveLength(3);
  expect(replayed.days.get(EPOCH)).toEqual(
    days.map(({ member, scoreBps, score30Bps, eligible }) => {
      // As reports have it: where a device stood is no part of what is paid.
      const { latitudeE5: _latitude, longitudeE5: _longitude, ...paid } = member;
      return { ...paid, cell: MADRID, scoreBps, score30Bps, eligible };
    }),
  );
  expect(replayed.seals).toEqual(log.outputs.seals);
});

test('a batch that is missing is found by its place in the log', () => {
  const seq = seqOf('batch', 10);
  const { difference } = replay(log.entries.filter((entry) => entry.seq !== seq));
  expect(difference).toEqual({
    reason: 'missing-entries',
    at: { region: MADRID, seq },
    published: String(seq + 1),
    recomputed: String(seq),
  });
});

test('a log that was numbered anew after a batch was taken out gives other scores', () => {
  const gone = seqOf('batch', 10);
  const renumbered = log.entries
    .filter((entry) => entry.seq !== gone)
    .map((entry) => (entry.seq > gone ? { ...entry, seq: entry.seq - 1 } : entry));
  const { replayed, difference } = replay(renumbered);
  expect(difference).toBeNull();
  expect(stateHash(replayed)).not.toBe(stateHash(replay(log.entries).replayed));
});

test('a batch that is logged again is no second batch', () => {
  const batch = log.entries.find((entry) => entry.kind === 'batch');
  if (batch === undefined) throw new Error('no batch');
  const again = [...log.entries.slice(0, batch.seq), { ...batch, seq: batch.seq + 1 }];
  expect(replay(again).difference).toMatchObject({
    reason: 'repeated',
    at: { seq: batch.seq + 1 },
    recomputed: 'repeat',
  });
});

test('an hour that is closed before it is due is found', () => {
  const seq = seqOf('hour-close', 30);
  const entries = altered(seq, (entry) => (entry.kind === 'hour-close' ? { ...entry, hour: entry.hour + 1 } : entry));
  expect(replay(entries).difference).toMatchObject({ reason: 'early-close', at: { seq } });
});

test('a log cannot run backwards, nor name a device that it does not know', () => {
  const seq = seqOf('batch', 5);
  const backwards = altered(seq, (entry) => ({ ...entry, receivedMs: entry.receivedMs - HOUR_MS }));
  expect(replay(backwards).difference).toMatchObject({ reason: 'time-order', at: { seq } });
  const stranger = altered(seq, (entry) => (entry.kind === 'batch' ? { ...entry, slot: 3 } : entry));
  expect(replay(stranger).difference).toMatchObject({ reason: 'unknown-device', published: 'slot 3' });
  const garbage = altered(seq, (entry) =>
    entry.kind === 'batch' ? { ...entry, readings: Uint8Array.of(0xff) } : entry,
  );
  expect(replay(garbage).difference).toMatchObject({ reason: 'entry', at: { seq } });
});

test('a log begins with the rules of this region, under their hash', () => {
  const charter = charterOf(MAIN_RULES);
  const first = (change: object): LogEntry => ({ ...charter, seq: 1, receivedMs: DAY0_MS, ...change });
  const found = (change: object) => replay([first(change)]).difference;
  expect(found({})).toBeNull();
  expect(found({ ruleSetHash: 'f'.repeat(64) })).toMatchObject({ reason: 'charter', at: { field: 'ruleSetHash' } });
  expect(found({ rules: LOCAL_RULES.name })).toMatchObject({ reason: 'charter', at: { field: 'rules' } });
  expect(found({ cell: '831fa4fffffffff' })).toMatchObject({ reason: 'charter', at: { field: 'cell' } });
  const headless = { kind: 'hour-close', hour: HOUR0, seq: 1, receivedMs: DAY0_MS } as const;
  expect(replay([headless]).difference).toMatchObject({ reason: 'charter', published: 'hour-close' });
});

test('a change by an act that was carried out before is found', async () => {
  const member = memberOf(3, { device: (await newKey()).did });
  const act = makeAct('relocate', {
    device: member.device,
    owner: member.owner,
    ...placedAt(positionAt(40.4, -3.7)),
    issuedAt: 1_780_000_000,
  });
  const signed = { act, domain: { chainId: 10, contract: `0x${'ab'.repeat(20)}` } as const, owners: [], devices: [] };
  const of = (version: number, seq: number): LogEntry => {
    return { ...member, version, act: signed, seq, receivedMs: DAY0_MS };
  };
  const start = log.entries.slice(0, 4);
  expect(replay([...start, of(2, 5)]).difference).toBeNull();
  expect(replay([...start, of(2, 5), of(3, 6)]).difference).toMatchObject({ reason: 'act', at: { seq: 6 } });
});
