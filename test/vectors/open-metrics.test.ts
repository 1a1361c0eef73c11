/** The OpenMetrics text as the parser of the Prometheus client reads it (Debian: python3-prometheus-client). */
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { encodeOpenMetrics, type DeviceMetrics } from '../../core/query/open-metrics.ts';
import { QUANTITIES } from '../../core/reading/quantity.ts';
import { findProgram } from '../support/programs.ts';

const IMPORT = 'import prometheus_client.openmetrics.parser';
const PYTHON = findProgram(['/usr/bin/python3', '-c', IMPORT], ['python3', '-c', IMPORT]);
const READ = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
families = text_string_to_metric_families(sys.stdin.read())
print(json.dumps([[f.name, f.type, f.unit, [[s.name, s.labels, s.value, None if s.timestamp is None else float(s.timestamp)] for s in f.samples]] for f in families]))
`;

type Sample = readonly [string, Readonly<Record<string, string>>, number, number | null];
type Family = readonly [name: string, type: string, unit: string, samples: readonly Sample[]];

const END_MS = Date.parse('2026-11-22T10:00:00Z');
const METRICS: DeviceMetrics = {
  device: 'did:key:z6Mkx',
  name: 'Roof "north", C:\\x\nsecond line',
  region: '83390cfffffffff',
  status: 'active',
  score: { bps: 9876, atMs: END_MS },
  openFlags: 2,
  values: QUANTITIES.map((quantity, index) => ({ quantity, value: index - 3.25, flag: 1 + (index % 4), endMs: END_MS })),
};

function read(text: string): readonly Family[] {
  return JSON.parse(execFileSync(PYTHON ?? '', ['-c', READ], { input: text, encoding: 'utf8', stdio: 'pipe' })) as readonly Family[];
}

describe.skipIf(PYTHON === null)('the Prometheus client (needs python3-prometheus-client)', () => {
  test('reads every quantity with its unit, value and time', () => {
    const families = read(encodeOpenMetrics(METRICS));
    const values = families.filter(([name]) => !/^isobar_(device|quantity)/.test(name));
    expect(values.map(([, type, , [sample]]) => [type, sample?.[2], sample?.[3]])).toEqual(
      METRICS.values.map(({ value }) => ['gauge', value, END_MS / 1000]),
    );
    for (const [name, , unit] of values) if (unit !== '') expect(name.endsWith(`_${unit}`), name).toBe(true);
    expect(values.find(([name]) => name === 'isobar_temperature_celsius')?.[2]).toBe('celsius');
  });

  test('reads a hostile name as it is, and flags by quantity', () => {
    const families = read(encodeOpenMetrics(METRICS));
    const samplesOf = (wanted: string) => families.find(([name]) => name === wanted)?.[3] ?? [];
    expect(samplesOf('isobar_device')).toMatchObject([['isobar_device_info', { name: METRICS.name, status: 'active' }, 1, null]]);
    expect(samplesOf('isobar_quantity_flag').map(([, { quantity }, flag]) => [quantity, flag])).toEqual(
      METRICS.values.map(({ quantity, flag }) => [quantity.code, flag]),
    );
    expect(samplesOf('isobar_device_score_ratio')).toMatchObject([[expect.anything(), {}, 0.9876, END_MS / 1000]]);
    expect(samplesOf('isobar_device_last_seen_timestamp_seconds')).toMatchObject([[expect.anything(), {}, END_MS / 1000, null]]);
  });

  test('reads a device that has not measured anything yet', () => {
    const names = read(encodeOpenMetrics({ ...METRICS, score: null, values: [], openFlags: 0 })).map(([name]) => name);
    expect(names).toEqual(['isobar_device', 'isobar_device_open_flags']);
  });

  test('refuses what is cut off', () => {
    const text = encodeOpenMetrics(METRICS);
    expect(() => read(text.slice(0, -6))).toThrow(/EOF/);
  });
});
