/** Whose series an attacker takes: nearest, farthest in its city, or in another city altogether. */
import { distanceMeters } from '../../../core/geo.ts';
import type { Slices, StationRecord } from '../slice.ts';
import type { Partner } from './attack.ts';

/** A copy of fewer quantities would be no station. */
const LEAST_SHARED = 2;

export type FoundPartner = { readonly station: string; readonly meters: number };

export function partnerOf(slices: Slices, station: string, partner: Partner): FoundPartner | null {
  const own = stationOf(slices, station);
  const candidates = slices.stations
    .filter((other) => other.id !== station && (other.region === own.region) === (partner !== 'abroad'))
    .map((other) => ({
      station: other.id,
      meters: metersBetween(own, other),
      shared: shared(slices, station, other.id),
    }))
    .filter((other) => other.shared >= LEAST_SHARED);
  const ranked = candidates.toSorted((a, b) =>
    partner === 'abroad' ? b.shared - a.shared : partner === 'nearest' ? a.meters - b.meters : b.meters - a.meters,
  );
  const best = ranked[0];
  return best === undefined ? null : { station: best.station, meters: best.meters };
}

function stationOf(slices: Slices, id: string): StationRecord {
  const station = slices.stations.find((candidate) => candidate.id === id);
  if (!station) throw new Error(`no station ${id}`);
  return station;
}

function shared(slices: Slices, one: string, two: string): number {
  const other = slices.series.get(two);
  return [...(slices.series.get(one)?.keys() ?? [])].filter((quantity) => other?.has(quantity)).length;
}

function metersBetween(a: StationRecord, b: StationRecord): number {
  return distanceMeters(placeOf(a), placeOf(b));
}

const placeOf = ({ latitude, longitude }: StationRecord) => ({
  latitudeE5: Math.round(latitude * 1e5),
  longitudeE5: Math.round(longitude * 1e5),
});
