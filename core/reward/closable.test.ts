import { expect, test } from 'vitest';
import { LOCAL_RULES } from '../rules/local.ts';
import { epochStartMs } from '../time.ts';
import { decideClose, lastHourOf, overdueClose, type RegionProgress } from './closable.ts';

const rules = LOCAL_RULES.time;
const EPOCH = 1000;
const LAST = lastHourOf(EPOCH, rules);
const END = epochStartMs(EPOCH + 1, rules);
const OPEN = END + rules.graceSeconds * 1000;
const NOBODY_STALLS = new Map<string, number>();

const region = (cell: string, closedThrough: number | null, firstHour: number | null = LAST - 30): RegionProgress => ({
  cell,
  firstHour,
  closedThrough,
});
const decide = (regions: readonly RegionProgress[], nowMs = OPEN, stalled = NOBODY_STALLS) =>
  decideClose(EPOCH, regions, stalled, nowMs, rules);

test('nothing closes before its end and grace have passed', () => {
  expect(decide([region('a', LAST)], OPEN - 1)).toEqual({ kind: 'too-early', fromMs: OPEN });
});

test('an epoch closes once every region that had begun has closed its last hour', () => {
  expect(decide([region('a', LAST - 1), region('b', LAST + 5)])).toEqual({ kind: 'waiting', behind: ['a'] });
  expect(decide([region('b', LAST + 5), region('a', LAST)])).toEqual({
    kind: 'close',
    regions: [{ cell: 'b' }, { cell: 'a' }],
    missing: [],
  });
});

test('a region that began later is not waited for', () => {
  const regions = [region('a', LAST), region('later', null, LAST + 1)];
  expect(decide(regions)).toMatchObject({ kind: 'close', regions: [{ cell: 'a' }], missing: [] });
});

test('a region that has not begun is waited for once, because its backfill may reach back, and is not missing then', () => {
  const regions = [region('a', LAST), region('silent', null, null)];
  expect(decide(regions)).toEqual({ kind: 'waiting', behind: ['silent'] });
  const since = new Map([['silent', OPEN - rules.epochWaitSeconds * 1000]]);
  expect(decide(regions, OPEN, since)).toMatchObject({ kind: 'close', regions: [{ cell: 'a' }], missing: [] });
});

test('while no region has begun there is nothing to close', () => {
  expect(decide([])).toEqual({ kind: 'no-network' });
  expect(decide([region('silent', null, null)])).toEqual({ kind: 'no-network' });
});

test('a region without progress for the waiting time is left out and named', () => {
  const regions = [region('a', LAST), region('stuck', null)];
  const since = OPEN + 1000;
  const until = since + rules.epochWaitSeconds * 1000;
  expect(decide(regions, until - 1, new Map([['stuck', since]]))).toEqual({ kind: 'waiting', behind: ['stuck'] });
  expect(decide(regions, until, new Map([['stuck', since]]))).toEqual({
    kind: 'close',
    regions: [{ cell: 'a' }],
    missing: [{ cell: 'stuck' }],
  });
});

test('an epoch that waits longer than any stalled region may make it wait is told, with the reason', () => {
  const due = OPEN + rules.epochWaitSeconds * 1000 + 3_600_000;
  const waiting = { kind: 'waiting', behind: ['a', 'b'] } as const;
  expect(overdueClose(EPOCH, waiting, due, rules)).toEqual([]);
  expect(overdueClose(EPOCH, waiting, due + 1, rules).join()).toContain('it waits for a,b, behind');
  expect(overdueClose(EPOCH, { kind: 'not-final' }, due + 1, rules).join()).toContain('its last block final');
  expect(overdueClose(EPOCH, { kind: 'no-network' }, due + 1, rules)).toEqual([]);
});
