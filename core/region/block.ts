/**
 * A block: what a region tells its neighbors about one hour, its devices that measure and what their series show (qc/outlook.ts).
 * Made of the frozen hour before it is judged, so that no region has to wait for another's verdict. The same log gives
 * the same bytes, and their hash names the block in the logs that used it.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { encode } from 'cborg';
import { packOutlook, outlookOf, type PackedOutlook } from '../qc/outlook.ts';
import { sightsOf } from '../qc/view.ts';
import { parseRegionCell, type DeviceId, type RegionCell } from '../ids.ts';
import { err, ok, type Result } from '../result.ts';
import { decodePlain } from '../strict-cbor.ts';
import type { RegionState } from './state.ts';
import { firstKey } from './succession.ts';

/** Regions that run different code for a moment do not exchange: what a number means may have changed. */
const VERSION = 2;
/** Numbers of a packed outlook, its quantity included. */
const OUTLOOK_LENGTH = 12;

export type BlockDevice = readonly [
  device: DeviceId,
  latitudeE5: number,
  longitudeE5: number,
  elevationM: number | null,
  series: readonly PackedOutlook[],
];

export type Block = {
  readonly cell: RegionCell;
  readonly hour: number;
  /** Of the bytes, hex. */
  readonly hash: string;
  readonly bytes: Uint8Array;
  /** By device id. */
  readonly devices: readonly BlockDevice[];
};

export type BadBlock = { readonly reason: 'bad-block'; readonly detail: string };

/** Of the hour that was frozen last, while nothing after `hour - 1` has been judged. Null: the region has no name yet. */
export function makeBlock(state: RegionState, hour: number): Block | null {
  const cell = state.charter?.cell;
  if (cell === undefined) return null;
  const devices = state.devices
    .flatMap((device, slot): BlockDevice[] => {
      const { measuring, membership } = device;
      if (!measuring) return [];
      const { latitudeE5, longitudeE5, elevationM } = membership;
      const cells = device.open.filter((open) => open.hour === hour);
      const series = sightsOf(slot, device, cells).map((sight) =>
        packOutlook(sight.cell.quantity, outlookOf(sight, elevationM)),
      );
      return [[firstKey(device), latitudeE5, longitudeE5, elevationM, series]];
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const bytes = encode([VERSION, cell, hour, devices]);
  return { cell, hour, hash: bytesToHex(sha256(bytes)), bytes, devices };
}

/** From another region's object, whose code may be another version. */
export function parseBlock(bytes: Uint8Array): Result<Block, BadBlock> {
  const bad = (detail: string): Result<never, BadBlock> => err({ reason: 'bad-block', detail });
  let content: unknown;
  try {
    content = decodePlain(bytes);
  } catch (cause) {
    return bad(cause instanceof Error ? cause.message : 'not CBOR');
  }
  if (!Array.isArray(content)) return bad('not an array');
  const [version, name, hour, devices] = content as unknown[];
  const cell = parseRegionCell(name);
  if (version !== VERSION) return bad('another version');
  if (!cell.ok || !isWhole(hour) || !Array.isArray(devices)) return bad('not a block');
  if (!devices.every(isDevice)) return bad('a device is malformed');
  return ok({ cell: cell.value, hour, hash: bytesToHex(sha256(bytes)), bytes, devices });
}

function isDevice(value: unknown): value is BlockDevice {
  if (!Array.isArray(value) || value.length !== 5) return false;
  const [device, latitudeE5, longitudeE5, elevationM, series] = value as unknown[];
  return (
    typeof device === 'string' &&
    isWhole(latitudeE5) &&
    isWhole(longitudeE5) &&
    (elevationM === null || isFinite(elevationM)) &&
    Array.isArray(series) &&
    series.every(isOutlook)
  );
}

function isOutlook(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== OUTLOOK_LENGTH) return false;
  const [home, ...rest] = (value as unknown[]).toReversed();
  return (home === null || isFinite(home)) && rest.every(isFinite);
}

function isFinite(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
