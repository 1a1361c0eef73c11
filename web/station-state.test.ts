import { expect, test } from 'vitest';
import type { FlagItem, LatestValue, RegionAnswer, Station } from '../schema/api/public.ts';
import { stationState } from './station-state.ts';

const HOUR_SECONDS = 20;
const CLOSED_MS = 1_763_000_000_000;
const at = (hoursBefore: number): string => new Date(CLOSED_MS - hoursBefore * HOUR_SECONDS * 1000).toISOString();
const value = (flag: LatestValue['flag'], hoursBefore = 1, quantity = 'temp'): LatestValue => ({
  quantity,
  value: 1,
  unit: 'Cel',
  hour: at(hoursBefore),
  flag,
  tests: [],
});
const flagged = (flag: 3 | 4, end: string | null): FlagItem => ({
  device: 'd',
  name: 'n',
  quantity: 'temp',
  test: 'flat',
  flag,
  start: at(9),
  end,
  severity: 1,
  against: [],
  reason: '',
  remedy: '',
});

function stateOf(
  latest: readonly LatestValue[],
  flags: readonly FlagItem[] = [],
  closedUntil: string | null = at(0),
): string {
  const station: Station = {
    device: 'd',
    name: 'n',
    status: 'active',
    owner: '0x',
    tier: 0,
    latitude: 0,
    longitude: 0,
    elevationM: null,
    scoreBps: null,
    day: null,
    latest,
  };
  const region: RegionAnswer = {
    cell: 'c',
    name: 'r',
    boundary: [],
    devices: 1,
    batches: 1,
    readings: 1,
    closedUntil,
    stations: [station],
    flags,
  };
  return stationState(station, region, HOUR_SECONDS);
}

test('a station is as bad as the worst of its newest values', () => {
  expect(stateOf([value(1), value(3, 1, 'rh'), value(1, 1, 'press')])).toBe('suspect');
  expect(stateOf([value(3), value(4, 1, 'rh')])).toBe('fail');
  expect(stateOf([value(1)])).toBe('good');
});

test('a flag that goes on or has just ended counts, an old one does not', () => {
  expect(stateOf([value(1)], [flagged(4, null)])).toBe('fail');
  expect(stateOf([value(1)], [flagged(3, at(1))])).toBe('suspect');
  expect(stateOf([value(1)], [flagged(3, at(6))])).toBe('good');
});

test('a station that stopped is silent whatever it said last; one that never began has no data', () => {
  expect(stateOf([value(4, 20)])).toBe('silent');
  expect(stateOf([])).toBe('waiting');
});

test('before the first hour closes nobody is silent', () => {
  expect(stateOf([value(2, 20)], [], null)).toBe('good');
});
