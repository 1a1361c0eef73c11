import { expect, test } from 'vitest';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import { type Behaviour, behaviourOf, HONEST, valuesAt } from './behaviour.ts';
import { chooseStations, loadSlices, SENT_UNITS, SLICE_HOURS, type Value } from './slice.ts';

const slices = await loadSlices();
const HOURS = Array.from({ length: SLICE_HOURS }, (_, hour) => hour);

const seriesOf = (station: string, quantity: string, behaviour: Behaviour = behaviourOf(station), seed = 'isobar') =>
  HOURS.map(
    (hour) => valuesAt(slices, station, behaviour, seed, hour).find((value) => value.quantity === quantity)?.value,
  );

test('the same seed and hour give the same values in any order of asking', () => {
  for (const { id } of slices.stations) {
    const forwards = HOURS.slice(0, 96).map((hour) => valuesAt(slices, id, behaviourOf(id), 'isobar', hour));
    const backwards = HOURS.slice(0, 96)
      .toReversed()
      .map((hour) => valuesAt(slices, id, behaviourOf(id), 'isobar', hour));
    expect(backwards.toReversed()).toEqual(forwards);
  }
});

test('another seed spikes in other hours', () => {
  expect(seriesOf('28079036', 'temp', undefined, 'a')).not.toEqual(seriesOf('28079036', 'temp', undefined, 'b'));
});

test('an honest device reports what its station measured, again from the start after the last hour', () => {
  const first = valuesAt(slices, '28079008', HONEST, 'isobar', 0);
  expect(first).toContainEqual({ quantity: 'o3', value: 25.65 });
  expect(valuesAt(slices, '28079008', HONEST, 'isobar', SLICE_HOURS)).toEqual(first);
});

test('every quantity that a station measures has a unit to send it in', () => {
  for (const series of slices.series.values()) {
    for (const quantity of series.keys()) expect(SENT_UNITS[quantity], quantity).toBeDefined();
  }
});

test('the stuck device stands still for a day or so in every two, longer than any rule allows', () => {
  const temp = seriesOf('28079018', 'temp');
  expect(longestRun(temp.slice(0, 48))).toBeGreaterThanOrEqual(20);
  expect(longestRun(temp.slice(480, 528))).toBeGreaterThanOrEqual(20);
  const limit = MAIN_RULES.quality.temp.flatHours ?? 0;
  expect(longestRun(temp)).toBeGreaterThan(2 * limit);
  expect(seriesOf('28079018', 'no2')).toEqual(seriesOf('28079018', 'no2', HONEST));
});

test('the loose wire jumps in about a third of the hours, sometimes out of the physical range', () => {
  const honest = seriesOf('28079036', 'temp', HONEST);
  const loose = seriesOf('28079036', 'temp');
  const jumps = loose.filter((value, hour) => value !== honest[hour]);
  expect(jumps.length / SLICE_HOURS).toBeGreaterThan(0.2);
  expect(jumps.length / SLICE_HOURS).toBeLessThan(0.4);
  const beyond = jumps.filter((value) => value !== undefined && value > MAIN_RULES.quality.temp.failMax);
  expect(beyond.length).toBeGreaterThan(5);
  expect(beyond.length).toBeLessThan(jumps.length);
});

test('the copier is itself for a day and then within a percent of its neighbour', () => {
  const own = seriesOf('Dingling', 'pm25', HONEST);
  const neighbour = seriesOf('Nongzhanguan', 'pm25', HONEST);
  const copy = seriesOf('Dingling', 'pm25');
  expect(copy.slice(0, 24)).toEqual(own.slice(0, 24));
  for (const hour of HOURS.slice(24)) {
    const [value, source] = [copy[hour], neighbour[hour]];
    if (value === undefined || source === undefined) expect(value).toBe(source);
    else expect(Math.abs(value - source)).toBeLessThanOrEqual(source * 0.01 + 0.005);
  }
  expect(copy).not.toEqual(neighbour);
});

test('a fleet of seven already has every misbehaviour, and neighbours in both regions', () => {
  const chosen = chooseStations(slices.stations, 7);
  expect(new Set(chosen.map(({ id }) => behaviourOf(id).kind))).toEqual(
    new Set<Behaviour['kind']>(['honest', 'stuck', 'spikes', 'copy']),
  );
  expect(Map.groupBy(chosen, ({ region }) => region).size).toBe(2);
});

test('thresholds count in hours of the rule set, so the local network judges the fleet as the public one would', () => {
  expect(LOCAL_RULES.quality).toEqual(MAIN_RULES.quality);
});

function longestRun(values: readonly (Value['value'] | undefined)[]): number {
  let longest = 0;
  let run = 0;
  values.forEach((value, position) => {
    run = value !== undefined && value === values[position - 1] ? run + 1 : 1;
    longest = Math.max(longest, run);
  });
  return longest;
}
