/**
 * AirGradient ONE and Open Air, and the DIY kits: JSON to /sensors/airgradient:<serial>/measures. The serial number is all
 * that a device shows of itself. Names: src/AgValue.cpp and docs/local-server.md in airgradienthq/arduino.
 */
import { err, ok, type Result } from '../../../core/result.ts';
import { parseJsonObject } from '../read-body.ts';
import { type BadReport, type DeviceRequest, type Format, numberOf, type Report, valuesOf } from '../report.ts';

const PATH = /^\/sensors\/airgradient:([0-9A-Za-z-]{1,40})\/measures$/;

export const isAirgradientPath = (path: string): boolean => PATH.test(path);

/** As measured; a correction belongs to who uses the value (core/air-index has Plantower's). */
export const airgradient: Format = {
  parse,
  fields: [
    { name: 'pm01', unit: 'ug/m3', quantity: 'pm1' },
    { name: 'pm02', unit: 'ug/m3', quantity: 'pm25' },
    { name: 'pm10', unit: 'ug/m3', quantity: 'pm10' },
    { name: 'atmp', unit: 'Cel', quantity: 'temp' },
    { name: 'rhum', unit: '%RH', quantity: 'rh' },
    { name: 'rco2', unit: 'ppm', quantity: 'co2' },
    { name: 'pm02Compensated', unit: 'ug/m3', quantity: null },
    { name: 'atmpCompensated', unit: 'Cel', quantity: null },
    { name: 'rhumCompensated', unit: '%RH', quantity: null },
  ],
  mostBehindMs: 0,
};

function parse({ path, body }: DeviceRequest): Result<Report, BadReport> {
  const serial = PATH.exec(path)?.[1];
  if (serial === undefined)
    return err({ reason: 'no-identity', expected: 'the path /sensors/airgradient:SERIAL/measures' });
  const root = parseJsonObject(body);
  if (!root.ok) return root;
  const values = new Map(channelMeans(root.value['channels']));
  for (const [name, value] of valuesOf(Object.entries(root.value))) values.set(name, value);
  return ok({ claim: { id: serial.toLowerCase(), secret: null }, values, dateUtc: null });
}

/** Open Air with two particle sensors: some firmware writes the mean beside the channels, some only the channels. */
function channelMeans(channels: unknown): ReadonlyMap<string, number> {
  if (typeof channels !== 'object' || channels === null) return new Map();
  const byName = new Map<string, number[]>();
  for (const channel of Object.values(channels)) {
    if (typeof channel !== 'object' || channel === null) continue;
    for (const [name, given] of Object.entries(channel)) {
      const value = numberOf(given);
      // One of the two sensors may be missing: its -1 must not enter the mean.
      if (value === null || (value < 0 && !(name.startsWith('atmp') && value > -100))) continue;
      const values = byName.get(name);
      if (values === undefined) byName.set(name, [value]);
      else values.push(value);
    }
  }
  return new Map([...byName].map(([name, of]) => [name, of.reduce((sum, value) => sum + value, 0) / of.length]));
}
