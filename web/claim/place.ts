/** From the exact place to what of it is public: two cells of H3 and a digest. */
import { cellToBoundary, cellToParent, latLngToCell } from 'h3-js';

const REGION_RESOLUTION = 3;
const PLACE_RESOLUTION = 7;

export type Cells = {
  readonly region: string;
  readonly place: string;
  /** Corners of the place, [latitude, longitude] in degrees. */
  readonly outline: readonly (readonly [number, number])[];
};

export function cellsOf(latitude: number, longitude: number): Cells {
  const place = latLngToCell(latitude, longitude, PLACE_RESOLUTION);
  return { region: cellToParent(place, REGION_RESOLUTION), place, outline: cellToBoundary(place).map(continuous) };
}

/** Across the antimeridian the corners of a cell change sign; on a plane the outline has to walk on. */
function continuous(
  [latitude, longitude]: readonly [number, number],
  _: number,
  all: readonly (readonly [number, number])[],
): readonly [number, number] {
  const first = all[0]?.[1] ?? longitude;
  return [latitude, longitude - 360 * Math.round((longitude - first) / 360)];
}

/** As the network keeps it, in whole numbers. */
export type ExactPosition = {
  readonly latitudeE7: number;
  readonly longitudeE7: number;
  readonly elevationCm: number | null;
  readonly heightCm: number | null;
  /** 16 bytes, hex: without it nobody can find the place by trying all of a cell. */
  readonly salt: string;
};

export function exactPosition(
  site: {
    readonly latitude: number;
    readonly longitude: number;
    readonly elevationM: number | null;
    readonly heightM: number | null;
  },
  salt: string,
): ExactPosition {
  const centimeters = (meters: number | null): number | null => (meters === null ? null : Math.round(meters * 100));
  return {
    latitudeE7: Math.round(site.latitude * 1e7),
    longitudeE7: Math.round(site.longitude * 1e7),
    elevationCm: centimeters(site.elevationM),
    heightCm: centimeters(site.heightM),
    salt,
  };
}

/** The digest that stands in the public log (docs/protocol.md): SHA-256 of five lines after the name of the form. */
export async function commitmentOf(position: ExactPosition): Promise<`0x${string}`> {
  const { salt, latitudeE7, longitudeE7, elevationCm, heightCm } = position;
  const lines = ['isobar-position-v1', salt, latitudeE7, longitudeE7, elevationCm ?? '-', heightCm ?? '-'];
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(lines.join('\n')));
  return `0x${hexOf(new Uint8Array(hash))}`;
}

export function newSalt(): string {
  return hexOf(crypto.getRandomValues(new Uint8Array(16)));
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
