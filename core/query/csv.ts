/** RFC 4180, with a header. No field can hold a comma, a quote or a line break, so none is quoted. */
import { rfc3339 } from '../time.ts';
import { unitOf, type ObservationRow } from './rows.ts';

const COLUMNS = ['device', 'quantity', 'unit', 'start', 'value', 'count', 'flag', 'tests', 'final'];

export function encodeCsv(rows: readonly ObservationRow[]): string {
  const lines = rows.map((row) =>
    [
      row.device,
      row.quantity,
      unitOf(row),
      rfc3339(row.startMs),
      row.value,
      row.count,
      row.flag,
      row.tests.join(';'),
      row.final,
    ].join(','),
  );
  return [COLUMNS.join(','), ...lines, ''].join('\r\n');
}
