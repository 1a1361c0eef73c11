/** The table of an observations answer: which columns it has, and what is said of all of its rows. */
import type { DeviceId } from '../ids.ts';
import { rfc3339 } from '../time.ts';
import type { AnswerRow } from './derive.ts';
import { FIELDS, type FieldName, type ObservationsRequest } from './observations.ts';
import { METHODS } from './series.ts';
import type { Column, ColumnType, Table, Value } from './table.ts';

/** Where and what a device is now, as the registry says it in public. */
export type DeviceFacts = {
  readonly device: DeviceId;
  readonly name: string;
  readonly cell: string;
  readonly latitude: number;
  readonly longitude: number;
};

const USUAL: readonly FieldName[] = [
  'device',
  'quantity',
  'series',
  'unit',
  'start',
  'value',
  'count',
  'flag',
  'tests',
  'final',
];

const TYPES: Readonly<Record<FieldName, ColumnType>> = {
  device: 'text',
  quantity: 'text',
  series: 'text',
  unit: 'text',
  start: 'time',
  end: 'time',
  value: 'number',
  count: 'integer',
  flag: 'integer',
  tests: 'list',
  final: 'boolean',
  hours: 'integer',
  coverage: 'number',
  category: 'text',
  pollutant: 'text',
  name: 'text',
  cell: 'text',
  latitude: 'number',
  longitude: 'number',
};
/** A reading has no end; only days have a coverage, only indices a category. */
const NULLABLE: readonly FieldName[] = ['end', 'hours', 'coverage', 'category', 'pollutant'];

type Asked = Pick<ObservationsRequest, 'resolution' | 'indices' | 'fields'>;

export function fieldsOf({ resolution, indices, fields }: Asked): readonly FieldName[] {
  if (fields !== null) return fields;
  const more: FieldName[] = [];
  if (resolution === 'day') more.push('hours', 'coverage');
  if (indices.length > 0) more.push('category', 'pollutant');
  return FIELDS.filter((name) => USUAL.includes(name) || more.includes(name));
}

export function observationsTable(
  rows: readonly AnswerRow[],
  asked: Asked,
  devices: ReadonlyMap<DeviceId, DeviceFacts>,
): Table<AnswerRow> {
  const columns = fieldsOf(asked).map((name): Column<AnswerRow> => {
    return { name, type: TYPES[name], nullable: NULLABLE.includes(name), of: (row) => valueOf(name, row, devices) };
  });
  const placeOf = (row: AnswerRow): readonly [number, number] | null => {
    const site = row.site ?? devices.get(row.device);
    return site === undefined ? null : [site.longitude, site.latitude];
  };
  return { name: 'observations', columns, rows, placeOf };
}

function valueOf(name: FieldName, row: AnswerRow, devices: ReadonlyMap<DeviceId, DeviceFacts>): Value {
  switch (name) {
    case 'start':
      return row.startMs;
    case 'end':
      return row.endMs;
    case 'name':
      return devices.get(row.device)?.name ?? null;
    case 'cell':
    case 'latitude':
    case 'longitude':
      return (row.site ?? devices.get(row.device))?.[name] ?? null;
    default:
      return row[name];
  }
}

/** Members of the answer beside its rows. */
export function observationsMembers(
  request: Pick<ObservationsRequest, 'quantities' | 'series' | 'indices' | 'fromMs' | 'untilMs' | 'resolution'>,
): Readonly<Record<string, unknown>> {
  const { quantities, series, indices } = request;
  const derived = [...(series.includes('corrected') ? (['corrected'] as const) : []), ...indices];
  const units = Object.fromEntries([
    ...quantities.map(({ code, unit }) => [code, unit]),
    ...indices.map((index) => [index, '1']),
  ]);
  const methods = Object.fromEntries(derived.map((name) => [name, METHODS[name]]));
  return {
    from: rfc3339(request.fromMs),
    until: rfc3339(request.untilMs),
    resolution: request.resolution,
    units,
    ...(derived.length === 0 ? {} : { methods }),
  };
}
