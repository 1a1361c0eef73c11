/**
 * Cuts an export into parts that fit a step and the memory of an object. A pure function of the order: a job that was
 * evicted makes the same parts under the same keys again.
 */
import type { DeviceId, RegionCell } from '../ids.ts';
import { needsOf } from '../query/series.ts';
import type { TimeRules } from '../rules/rule-set.ts';
import { epochOf, epochStartMs, rfc3339 } from '../time.ts';
import type { ExportDevice, ExportOrder, ExportPart } from './order.ts';

/**
 * Days of one quantity of one device in a part: 12,000 hourly rows, 1.4 MB of CSV. Rows and encoding take some 30 MB then
 * (measured in Node), of the 128 MB that an object has.
 */
export const SERIES_DAYS_A_PART = 500;

type Lengths = Pick<TimeRules, 'hourSeconds' | 'epochSeconds'>;
type Planned = Pick<ExportOrder, 'quantities' | 'series' | 'indices' | 'fromMs' | 'untilMs' | 'format'> & {
  readonly devices: readonly Pick<ExportDevice, 'device' | 'cell'>[];
};
type Span = { readonly fromEpoch: number; readonly untilEpoch: number; readonly date: string | null };

/** Sorted by region, then (Parquet) by date: the partitions; rows of a single file come in the same order. */
export function planParts(order: Planned, rules: Lengths): readonly ExportPart[] {
  const parts: ExportPart[] = [];
  const quantities = Math.max(1, needsOf(order).size);
  const fromEpoch = epochOf(order.fromMs, rules);
  const untilEpoch = epochOf(order.untilMs - 1, rules) + 1;
  for (const [cell, devices] of byRegion(order.devices)) {
    const spans =
      order.format === 'parquet' ? dates(fromEpoch, untilEpoch, rules) : [{ fromEpoch, untilEpoch, date: null }];
    for (const span of spans) cut(parts, cell, devices, span, quantities, order.format);
  }
  return parts;
}

function cut(
  parts: ExportPart[],
  cell: RegionCell,
  devices: readonly DeviceId[],
  span: Span,
  quantities: number,
  format: ExportOrder['format'],
): void {
  const most = Math.max(1, Math.floor(SERIES_DAYS_A_PART / quantities));
  const chunk = Math.min(devices.length, most);
  const epochs = Math.max(1, Math.floor(most / chunk));
  let number = 0;
  for (let first = 0; first < devices.length; first += chunk) {
    const members = devices.slice(first, first + chunk);
    for (let fromEpoch = span.fromEpoch; fromEpoch < span.untilEpoch; fromEpoch += epochs) {
      const path =
        span.date === null
          ? `piece-${String(parts.length).padStart(6, '0')}.${format}`
          : `cell=${cell}/date=${span.date}/part-${number}.parquet`;
      parts.push({
        cell,
        devices: members,
        fromEpoch,
        untilEpoch: Math.min(span.untilEpoch, fromEpoch + epochs),
        path,
      });
      number += 1;
    }
  }
}

function byRegion(devices: Planned['devices']): readonly (readonly [RegionCell, readonly DeviceId[]])[] {
  return [...Map.groupBy(devices, ({ cell }) => cell)]
    .map(([cell, members]) => [cell, members.map(({ device }) => device).toSorted()] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** Runs of epochs that begin on one UTC date: one epoch each, except where days are shorter than a day. */
function dates(fromEpoch: number, untilEpoch: number, rules: Lengths): readonly Span[] {
  const spans: { fromEpoch: number; untilEpoch: number; date: string }[] = [];
  for (let epoch = fromEpoch; epoch < untilEpoch; epoch += 1) {
    const date = rfc3339(epochStartMs(epoch, rules)).slice(0, 10);
    const last = spans.at(-1);
    if (last?.date === date) last.untilEpoch = epoch + 1;
    else spans.push({ fromEpoch: epoch, untilEpoch: epoch + 1, date });
  }
  return spans;
}
