/**
 * Identity of devices, regions, hours and epochs. A brand is made only by the parser beside it, so a function that takes
 * one cannot be handed unchecked input.
 */
import { err, ok, type Result } from './result.ts';

/** `did:key:z6Mk...` (Ed25519) or `did:key:zDn...` (P-256): the device's public key is its name. */
export type DeviceId = string & { readonly __brand: 'DeviceId' };
/** H3 index at resolution 3, 15 lower-case hex digits: one region object each. */
export type RegionCell = string & { readonly __brand: 'RegionCell' };
/** H3 index at resolution 7: the public place of a device. */
export type PlaceCell = string & { readonly __brand: 'PlaceCell' };
/** `0x` and 40 lower-case hex digits. */
export type OwnerAddress = `0x${string}` & { readonly __brand: 'OwnerAddress' };
/** Number of rule-set hours since the Unix epoch: floor(unixSeconds / hourSeconds). */
export type HourIndex = number & { readonly __brand: 'HourIndex' };
/** Number of rule-set days since the Unix epoch: floor(unixSeconds / epochSeconds). */
export type EpochNumber = number & { readonly __brand: 'EpochNumber' };

export type InvalidId = {
  readonly reason: 'invalid-id';
  readonly kind: 'device' | 'region' | 'place' | 'owner' | 'epoch';
  readonly given: string;
};

const refuse = (kind: InvalidId['kind'], given: unknown): Result<never, InvalidId> =>
  err({ reason: 'invalid-id', kind, given: shown(given).slice(0, 80) });

/** An object of strangers is not turned to text: its `toString` may be a number, and what it nests may be endless. */
function shown(given: unknown): string {
  return typeof given === 'object' && given !== null ? (Array.isArray(given) ? 'a list' : 'an object') : String(given);
}

// Base58btc alphabet (no 0, O, I, l); an Ed25519 did:key has 44 to 45 characters after z6Mk's multicodec, P-256 like it.
const DID_KEY = /^did:key:z(?:6Mk|Dn)[1-9A-HJ-NP-Za-km-z]{40,50}$/;

/** Checks the shape only; `parseDidKey` in signature/did-key.ts decodes and checks the key itself. */
export function parseDeviceId(given: unknown): Result<DeviceId, InvalidId> {
  return typeof given === 'string' && DID_KEY.test(given) ? ok(given as DeviceId) : refuse('device', given);
}

/**
 * H3 cell indexes (mode 1) read, in hex, `8` + resolution nibble + 13 digits; unused finer digits are all ones
 * (https://h3geo.org/docs/core-library/h3Indexing). At resolution 3 the last 36 bits are set, at 7 the last 24.
 */
const REGION_CELL = /^83[0-9a-f]{4}f{9}$/;
const PLACE_CELL = /^87[0-9a-f]{7}f{6}$/;

export function parseRegionCell(given: unknown): Result<RegionCell, InvalidId> {
  return typeof given === 'string' && REGION_CELL.test(given) ? ok(given as RegionCell) : refuse('region', given);
}

export function parsePlaceCell(given: unknown): Result<PlaceCell, InvalidId> {
  return typeof given === 'string' && PLACE_CELL.test(given) ? ok(given as PlaceCell) : refuse('place', given);
}

export function parseOwnerAddress(given: unknown): Result<OwnerAddress, InvalidId> {
  return typeof given === 'string' && /^0x[0-9a-fA-F]{40}$/.test(given)
    ? ok(given.toLowerCase() as OwnerAddress)
    : refuse('owner', given);
}

export function parseEpochNumber(given: unknown): Result<EpochNumber, InvalidId> {
  const epoch = typeof given === 'string' && /^\d{1,10}$/.test(given) ? Number(given) : given;
  return typeof epoch === 'number' && Number.isSafeInteger(epoch) && epoch >= 0
    ? ok(epoch as EpochNumber)
    : refuse('epoch', given);
}
