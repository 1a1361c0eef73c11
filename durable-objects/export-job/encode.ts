/** The rows of one part, and their bytes in the order's format. */
import { EXPORT_COLUMNS } from '../../core/export/columns.ts';
import type { ExportOrder, ExportPart } from '../../core/export/order.ts';
import { encodeTable } from '../../core/query/encode.ts';
import { mergeRows, rowsOfDay, type ObservationRow, type StoredDay } from '../../core/query/rows.ts';
import { quantityByCode } from '../../core/reading/quantity.ts';
import type { TimeRules } from '../../core/rules/rule-set.ts';
import { rfc3339 } from '../../core/time.ts';

/** By device, quantity and time; each cell once, as in the answer to a query. */
export function rowsOfPart(
  days: readonly StoredDay[],
  order: ExportOrder,
  rules: TimeRules,
): readonly ObservationRow[] {
  const quantities = order.quantities.flatMap((code) => quantityByCode(code) ?? []);
  const { fromMs, untilMs } = order;
  return mergeRows(
    days.flatMap((day) => rowsOfDay(day, { quantities, fromMs, untilMs }, rules)),
    [],
  );
}

/** Empty where there is nothing to store. Only the first piece of a CSV has the header. */
export async function encodePart(
  rows: readonly ObservationRow[],
  order: ExportOrder,
  part: ExportPart,
  isFirst: boolean,
): Promise<Uint8Array> {
  if (rows.length === 0 && !(isFirst && order.format === 'csv')) return new Uint8Array();
  const { license, attribution, resolution } = order;
  const from = rfc3339(order.fromMs);
  const until = rfc3339(order.untilMs);
  const members = { export: order.id, from, until, resolution, cell: part.cell };
  const facts = { license, attribution, next: null, members };
  const table = { name: 'observations', columns: EXPORT_COLUMNS, rows, placeOf: () => null };
  if (order.format === 'parquet') {
    const { encodeParquet } = await import('../parquet.ts');
    return encodeParquet(table, facts);
  }
  const text = encodeTable(table, facts, order.format);
  return new TextEncoder().encode(order.format === 'csv' && !isFirst ? text.slice(text.indexOf('\r\n') + 2) : text);
}
