/**
 * One device as OpenMetrics 1.0 text, for Prometheus and what reads the same. A family's unit is the end of its name, and every
 * value carries the time at which its hour ended.
 */
import type { Quantity, QuantityCode } from '../reading/quantity.ts';

export const OPEN_METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

export type DeviceMetrics = {
  readonly device: string;
  readonly name: string;
  readonly region: string;
  readonly status: string;
  /** Null before the first closed epoch. */
  readonly score: { readonly bps: number; readonly atMs: number } | null;
  /** Anomalies that go on. */
  readonly openFlags: number;
  readonly values: readonly {
    readonly quantity: Quantity;
    readonly value: number;
    readonly flag: number;
    readonly endMs: number;
  }[];
};

/** Stem and unit; an index has none. Units are written out in the plural, as OpenMetrics asks. */
const NAMES: Readonly<Record<QuantityCode, readonly [stem: string, unit: string]>> = {
  pm1: ['pm1', 'micrograms_per_cubic_meter'],
  pm25: ['pm25', 'micrograms_per_cubic_meter'],
  pm10: ['pm10', 'micrograms_per_cubic_meter'],
  temp: ['temperature', 'celsius'],
  rh: ['relative_humidity', 'percent'],
  press: ['station_pressure', 'hectopascals'],
  co2: ['co2', 'parts_per_million'],
  o3: ['o3', 'parts_per_billion'],
  no2: ['no2', 'parts_per_billion'],
  so2: ['so2', 'parts_per_billion'],
  co: ['co', 'parts_per_million'],
  wind_speed: ['wind_speed', 'meters_per_second'],
  wind_dir: ['wind_direction', 'degrees'],
  rain_rate: ['rain_rate', 'millimeters_per_hour'],
  rain: ['rain', 'millimeters'],
  noise_laeq: ['noise_laeq', 'decibels'],
  lux: ['illuminance', 'lux'],
  irradiance: ['irradiance', 'watts_per_square_meter'],
  uv: ['uv_index', ''],
  dew_point: ['dew_point', 'celsius'],
  wind_gust: ['wind_gust', 'meters_per_second'],
};

type Sample = {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly atMs: number | null;
};
type Family = {
  readonly name: string;
  readonly unit: string;
  readonly type: 'gauge' | 'info';
  readonly help: string;
  readonly samples: readonly Sample[];
};

export function encodeOpenMetrics(metrics: DeviceMetrics): string {
  return [...familiesOf(metrics).flatMap((family) => linesOf(family)), '# EOF', ''].join('\n');
}

function familiesOf({ device, name, region, status, score, openFlags, values }: DeviceMetrics): readonly Family[] {
  const own = { device };
  const lastMs = values.reduce((last, { endMs }) => Math.max(last, endMs), 0);
  const gauge = (stem: string, unit: string, help: string, samples: readonly Sample[]): Family => ({
    name: ['isobar', stem, unit].filter((part) => part !== '').join('_'),
    unit,
    type: 'gauge',
    help,
    samples,
  });
  const info: Family = {
    name: 'isobar_device',
    unit: '',
    type: 'info',
    help: 'The device.',
    samples: [{ labels: { ...own, name, region, status }, value: 1, atMs: null }],
  };
  return [
    info,
    ...values.map(({ quantity, value, endMs }) => {
      const [stem, unit] = NAMES[quantity.code];
      return gauge(stem, unit, `${quantity.label}, mean of the hour.`, [{ labels: own, value, atMs: endMs }]);
    }),
    gauge(
      'quantity_flag',
      '',
      'QARTOD flag of the hour: 1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing.',
      values.map(({ quantity, flag, endMs }) => ({
        labels: { ...own, quantity: quantity.code },
        value: flag,
        atMs: endMs,
      })),
    ),
    gauge('device_open_flags', '', 'Anomalies that go on.', [{ labels: own, value: openFlags, atMs: null }]),
    gauge(
      'device_score',
      'ratio',
      'Score of the last closed epoch.',
      score === null ? [] : [{ labels: own, value: score.bps / 10_000, atMs: score.atMs }],
    ),
    gauge(
      'device_last_seen_timestamp',
      'seconds',
      'End of the newest public hour with a value.',
      values.length === 0 ? [] : [{ labels: own, value: lastMs / 1000, atMs: null }],
    ),
  ].filter(({ samples }) => samples.length > 0);
}

function linesOf({ name, unit, type, help, samples }: Family): readonly string[] {
  return [
    `# TYPE ${name} ${type}`,
    ...(unit === '' ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${escaped(help)}`,
    ...samples.map(({ labels, value, atMs }) => {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
      const at = atMs === null ? '' : ` ${atMs / 1000}`;
      return `${name}${type === 'info' ? '_info' : ''}{${pairs.join(',')}} ${value}${at}`;
    }),
  ];
}

/** Names of devices are free text. A carriage return would end the line for some readers. */
function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\r', ' ');
}
