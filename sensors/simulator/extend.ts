/**
 * More stations than were measured: each stands between two of its city and reports their weighted mean with a little noise,
 * so that it fits its neighbours and copies none of them.
 */
import type { QuantityCode } from '../../core/reading/quantity.ts';
import { normal, toHundredths } from './attacks/series.ts';
import { chance } from './chance.ts';
import { chooseStations, SLICE_HOURS, type Series, type Slices, type StationRecord } from './slice.ts';

const NOISE_SHARE = 0.01;
const MOST_DEGREES_OFF = 0.004;

type Between = {
  readonly station: StationRecord;
  readonly one: StationRecord;
  readonly other: StationRecord;
  readonly weight: number;
};

/** The first `count`: those that were measured, then those between them. */
export function stationsFor(stations: readonly StationRecord[], count: number): readonly StationRecord[] {
  const measured = chooseStations(stations, count);
  return [...measured, ...between(stations, count - stations.length).map(({ station }) => station)];
}

/** How many stations between others a fleet has, by their names. */
export function highestOf(devices: readonly { readonly station: string }[]): number {
  return Math.max(0, ...devices.map(({ station }) => Number(/^between-(\d{5})$/.exec(station)?.[1] ?? 0)));
}

export function extendSlices(slices: Slices, count: number): Slices {
  const made = between(slices.stations, count);
  if (made.length === 0) return slices;
  const series = new Map(slices.series);
  for (const { station, one, other, weight } of made)
    series.set(station.id, meanOf(station.id, slices.series.get(one.id), slices.series.get(other.id), weight));
  return { stations: [...slices.stations, ...made.map(({ station }) => station)], series };
}

/** @param count of those between others */
function between(stations: readonly StationRecord[], count: number): readonly Between[] {
  if (!Number.isFinite(count)) return [];
  const cities = [...Map.groupBy(stations, ({ region }) => region).values()];
  return Array.from({ length: Math.max(0, count) }, (_, at): readonly Between[] => {
    const city = cities[at % cities.length] ?? [];
    const id = `between-${String(at + 1).padStart(5, '0')}`;
    const draw = (what: string): number => chance('isobar stations between', what, at);
    const first = Math.floor(draw('one') * city.length);
    const one = city[first];
    const other = city[(first + 1 + Math.floor(draw('other') * (city.length - 1))) % city.length];
    if (one === undefined || other === undefined) return [];
    const weight = 0.25 + 0.5 * draw('weight');
    const mean = (of: (station: StationRecord) => number): number => weight * of(one) + (1 - weight) * of(other);
    const off = (what: string): number => (2 * draw(what) - 1) * MOST_DEGREES_OFF;
    const isHigh = one.elevationM !== null && other.elevationM !== null;
    const station: StationRecord = {
      ...one,
      id,
      name: `Between ${one.name} and ${other.name}`,
      latitude: mean(({ latitude }) => latitude) + off('latitude'),
      longitude: mean(({ longitude }) => longitude) + off('longitude'),
      elevationM: isHigh ? Math.round(mean(({ elevationM }) => elevationM ?? 0)) : null,
    };
    return [{ station, one, other, weight }];
  }).flat();
}

function meanOf(id: string, one: Series = new Map(), other: Series = new Map(), weight: number): Series {
  const series = new Map<QuantityCode, readonly (number | null)[]>();
  for (const [quantity, values] of one) {
    const others = other.get(quantity);
    if (others === undefined) continue;
    series.set(
      quantity,
      Array.from({ length: SLICE_HOURS }, (_, hour) => {
        const [a, b] = [values[hour] ?? null, others[hour] ?? null];
        if (a === null || b === null) return null;
        return toHundredths((weight * a + (1 - weight) * b) * (1 + NOISE_SHARE * normal(id, quantity, hour)));
      }),
    );
  }
  return series;
}
