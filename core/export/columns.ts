/** The columns of an export, the same in every format. */
import type { Table } from '../query/table.ts';
import { unitOf, type ObservationRow } from '../query/rows.ts';

export const EXPORT_COLUMNS: Table<ObservationRow>['columns'] = [
  { name: 'device', type: 'text', of: (row) => row.device },
  { name: 'quantity', type: 'text', of: (row) => row.quantity },
  { name: 'unit', type: 'text', of: (row) => unitOf(row) },
  { name: 'start', type: 'time', of: (row) => row.startMs },
  { name: 'value', type: 'number', of: (row) => row.value },
  { name: 'count', type: 'integer', of: (row) => row.count },
  { name: 'flag', type: 'integer', of: (row) => row.flag },
  { name: 'tests', type: 'list', of: (row) => row.tests },
  { name: 'final', type: 'boolean', of: (row) => row.final },
];
