/**
 * The exact position of a device and the commitment to it. Only the commitment is signed and published: who is shown
 * position and salt can check them against it, and nobody can find them by trial, because the salt is random.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { err, ok, type Result } from '../result.ts';
import type { Hex } from './act.ts';
import { orNull, parsed, readObject, whole, type BadField } from './fields.ts';

/**
 * Beside an act that the device signs, the position stands in this header, as JSON: the body of such a request is published
 * as evidence, and the position must not be. What only owners sign has it in the body.
 */
export const POSITION_HEADER = 'isobar-position';

export type ExactPosition = {
  readonly latitudeE7: number;
  readonly longitudeE7: number;
  /** Above sea level. */
  readonly elevationCm: number | null;
  /** Above ground. */
  readonly heightCm: number | null;
  /** 32 lower-case hex digits. */
  readonly salt: string;
};

const SALT = /^[0-9a-f]{32}$/;

export function parsePosition(given: unknown, pointer = '/position'): Result<ExactPosition, BadField> {
  return readObject<ExactPosition>(given, pointer, {
    latitudeE7: whole(-900_000_000, 900_000_000),
    longitudeE7: whole(-1_800_000_000, 1_800_000_000),
    // From the Dead Sea's shore to the highest summit, and the tallest mast.
    elevationCm: orNull(whole(-50_000, 900_000)),
    heightCm: orNull(whole(-10_000, 100_000)),
    salt: parsed(
      (value): Result<string, null> => (typeof value === 'string' && SALT.test(value) ? ok(value) : err(null)),
      'must be 32 lower-case hex digits',
    ),
  });
}

export function commitPosition({ salt, latitudeE7, longitudeE7, elevationCm, heightCm }: ExactPosition): Hex {
  const lines = ['isobar-position-v1', salt, latitudeE7, longitudeE7, elevationCm ?? '-', heightCm ?? '-'];
  return `0x${bytesToHex(sha256(utf8ToBytes(lines.join('\n'))))}`;
}

/** Heights are public to 10 m. Adding zero turns -0 into 0. */
export function publicElevationM({ elevationCm }: Pick<ExactPosition, 'elevationCm'>): number | null {
  return elevationCm === null ? null : Math.round(elevationCm / 1000) * 10 + 0;
}
