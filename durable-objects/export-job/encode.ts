/** The rows of one part, as the same query would be answered, and their bytes in the order's format. */
import type { ExportOrder, ExportPart } from '../../core/export/order.ts';
import { observationsMembers, observationsTable } from '../../core/query/columns.ts';
import { deriveRows, type AnswerRow } from '../../core/query/derive.ts';
import { encodeTable } from '../../core/query/encode.ts';
import { mergeRows, rowsOfDay } from '../../core/query/rows.ts';
import { needsOf, quantitiesOf } from '../../core/query/series.ts';
import type { TimeRules } from '../../core/rules/rule-set.ts';
import { epochOf, firstHourOf, hourOf, hourStartMs } from '../../core/time.ts';
import { readDays } from '../stored-days.ts';

/** By device and time; each cell once. */
export async function rowsOfPart(
  db: D1Database,
  order: ExportOrder,
  part: ExportPart,
  rules: TimeRules,
): Promise<readonly AnswerRow[]> {
  const needs = needsOf(order);
  const fromHour = Math.max(hourOf(order.fromMs, rules), firstHourOf(part.fromEpoch, rules));
  const untilHour = Math.min(hourOf(order.untilMs - 1, rules) + 1, firstHourOf(part.untilEpoch, rules));
  // Some indices look back on the hours of the day before.
  const readFrom = epochOf(hourStartMs(fromHour - Math.max(0, ...needs.values()), rules), rules);
  const days = await readDays(
    db,
    part.devices.map((device) => ({ device, fromEpoch: readFrom, untilEpoch: part.untilEpoch })),
  );
  const quantities = quantitiesOf(needs);
  const rows = mergeRows(
    days.flatMap((day) => rowsOfDay(day, quantities, rules)),
    [],
  );
  const wanted = new Set(part.devices);
  const byDevice = Map.groupBy(rows, ({ device }) => device);
  return order.devices
    .filter(({ device }) => wanted.has(device))
    .flatMap((device) => {
      const slice = { device, fromHour, untilHour, isOpening: true };
      return deriveRows(byDevice.get(device.device) ?? [], slice, order, rules);
    });
}

/** Empty where there is nothing to store. Only the first piece of a CSV has the header. */
export async function encodePart(
  rows: readonly AnswerRow[],
  order: ExportOrder,
  isFirst: boolean,
): Promise<Uint8Array> {
  if (rows.length === 0 && !(isFirst && order.format === 'csv')) return new Uint8Array();
  const { license, attribution } = order;
  const facts = { license, attribution, next: null, members: { export: order.id, ...observationsMembers(order) } };
  const devices = new Map(order.devices.map((device) => [device.device, device]));
  const table = observationsTable(rows, order, devices);
  if (order.format === 'parquet') {
    const { encodeParquet } = await import('../parquet.ts');
    return encodeParquet(table, facts);
  }
  const text = encodeTable(table, facts, order.format);
  return new TextEncoder().encode(order.format === 'csv' && !isFirst ? text.slice(text.indexOf('\r\n') + 2) : text);
}
