/**
 * Cuts what is asked into pages before any row is read, so that a page has its price before it is paid for. The order is
 * device, then time. A page begins where the one before ended: nothing comes twice, nothing is left out.
 */
import type { DeviceId } from '../ids.ts';
import { err, ok, type Result } from '../result.ts';

/** What of one device a page holds: hours [fromHour, untilHour). */
export type Slice<D> = {
  readonly device: D;
  readonly fromHour: number;
  readonly untilHour: number;
  /** Its first hours: what had to be read before them is charged here, and on no later page. */
  readonly isOpening: boolean;
};

export type Page<D> = {
  readonly slices: readonly Slice<D>[];
  readonly units: number;
  readonly next: PagePosition | null;
};

export type PagePosition = { readonly device: string; readonly hour: number };

export type Ask<D> = {
  /** Sorted by id. */
  readonly devices: readonly D[];
  readonly fromHour: number;
  readonly untilHour: number;
  /** Pages are cut at multiples of it. */
  readonly bucketHours: number;
  readonly cost: (device: D) => Cost;
};

export type Cost = {
  /** Once a device, for hours before the first. */
  readonly opening: number;
  readonly ofHours: (hours: number) => number;
};

export type LimitTooSmall = { readonly reason: 'limit-too-small'; readonly least: number };

type Named = { readonly device: DeviceId };

export function totalUnits<D>(ask: Ask<D>): number {
  const hours = ask.untilHour - ask.fromHour;
  return ask.devices.reduce((sum, device) => sum + wholeCost(ask.cost(device), hours), 0);
}

/** Null: no limit. `from`: where the page begins, null for the first. */
export function planPage<D extends Named>(
  ask: Ask<D>,
  limit: number | null,
  from: PagePosition | null,
): Result<Page<D>, LimitTooSmall> {
  const least = Math.max(0, ...ask.devices.map((device) => leastCost(ask, device)));
  if (limit !== null && least > limit) return err({ reason: 'limit-too-small', least });
  const slices: Slice<D>[] = [];
  let units = 0;
  for (const device of ask.devices) {
    if (from !== null && device.device < from.device) continue;
    const fromHour = from?.device === device.device ? Math.max(from.hour, ask.fromHour) : ask.fromHour;
    if (fromHour >= ask.untilHour) continue;
    const isOpening = fromHour === ask.fromHour;
    const { opening, ofHours } = ask.cost(device);
    const before = isOpening ? opening : 0;
    const untilHour = limit === null ? ask.untilHour : lastThatFits(ask, fromHour, limit - units - before, ofHours);
    if (untilHour <= fromHour) return ok({ slices, units, next: { device: device.device, hour: fromHour } });
    slices.push({ device, fromHour, untilHour, isOpening });
    units += before + ofHours(untilHour - fromHour);
    if (untilHour < ask.untilHour) return ok({ slices, units, next: { device: device.device, hour: untilHour } });
  }
  return ok({ slices, units, next: null });
}

/** What some slices of a page cost by themselves. */
export function unitsOf<D>(slices: readonly Slice<D>[], cost: Ask<D>['cost']): number {
  return slices.reduce((sum, { device, fromHour, untilHour, isOpening }) => {
    const { opening, ofHours } = cost(device);
    return sum + (isOpening ? opening : 0) + ofHours(untilHour - fromHour);
  }, 0);
}

function lastThatFits<D>(ask: Ask<D>, fromHour: number, left: number, ofHours: Cost['ofHours']): number {
  if (ofHours(ask.untilHour - fromHour) <= left) return ask.untilHour;
  let untilHour = fromHour;
  // At most 24 x 365 steps a year of hours, and a page ends long before.
  for (let next = fromHour + ask.bucketHours; next < ask.untilHour; next += ask.bucketHours) {
    if (ofHours(next - fromHour) > left) break;
    untilHour = next;
  }
  return untilHour;
}

function wholeCost({ opening, ofHours }: Cost, hours: number): number {
  return hours <= 0 ? 0 : opening + ofHours(hours);
}

/** What the first hour or day of a device takes. */
function leastCost<D>(ask: Ask<D>, device: D): number {
  return wholeCost(ask.cost(device), Math.min(ask.bucketHours, ask.untilHour - ask.fromHour));
}
