/**
 * airRohr, the firmware of sensor.community: JSON with values as text. Its "custom API" posts all sensors at once under
 * prefixed names; towards sensor.community each sensor is a post of its own without prefix, its slot in X-PIN. Names:
 * airrohr-firmware/ext_def.h and airrohr-firmware.ino in opendata-stuttgart/sensors-software.
 */
import { err, ok, type Result } from '../../../core/result.ts';
import { basicCredentials, parseJsonObject } from '../read-body.ts';
import { type BadReport, type DeviceRequest, type Field, type Format, type Report, valuesOf } from '../report.ts';

/** P1 is PM10 and P2 is PM2.5. Unprefixed: SDS011, PMS or SPS30 in slot 1. */
const PARTICLES: readonly Field[] = ['SDS_', 'PMS_', 'SPS30_', 'NPM_', 'IPS_', ''].flatMap((prefix) => [
  { name: `${prefix}P0`, unit: 'ug/m3', quantity: 'pm1' },
  { name: `${prefix}P2`, unit: 'ug/m3', quantity: 'pm25' },
  { name: `${prefix}P1`, unit: 'ug/m3', quantity: 'pm10' },
]);

/** The better thermometers first; unprefixed is the DHT22. */
const CLIMATE: readonly Field[] = ['BME280_', 'SHT3X_', 'HTU21D_', '', 'BMP280_', 'BMP_', 'DS18B20_', 'SCD30_'].flatMap(
  (prefix) => [
    { name: `${prefix}temperature`, unit: 'Cel', quantity: 'temp' },
    { name: `${prefix}humidity`, unit: '%RH', quantity: 'rh' },
    { name: `${prefix}pressure`, unit: 'Pa', quantity: 'press' },
  ],
);

const FIELDS: readonly Field[] = [
  ...PARTICLES,
  ...CLIMATE,
  { name: 'SCD30_co2_ppm', unit: 'ppm', quantity: 'co2' },
  { name: 'DNMS_noise_LAeq', unit: 'dB', quantity: 'noise_laeq' },
  // The firmware's own labels contradict each other about which of the two is PM10.
  { name: 'HPM_P1', unit: 'ug/m3', quantity: null },
  { name: 'HPM_P2', unit: 'ug/m3', quantity: null },
];

/** X-PIN of a post to sensor.community, by the prefix that the custom API would have written. */
const SLOT_PREFIX: ReadonlyMap<string, string> = new Map([
  ['3', 'BMP_'],
  ['5', 'PPD_'],
  ['9', 'GPS_'],
  ['11', 'BME280_'],
  ['13', 'DS18B20_'],
  ['15', 'DNMS_'],
  ['17', 'SCD30_'],
]);

export const airrohr: Format = { parse, fields: FIELDS, mostBehindMs: 0 };

function parse({ headers, body }: DeviceRequest): Result<Report, BadReport> {
  const root = parseJsonObject(body);
  if (!root.ok) return root;
  const id = headers['x-sensor'] ?? chipId(root.value);
  if (id === null || id === '') return err({ reason: 'no-identity', expected: 'X-Sensor, or esp8266id in the body' });
  const list = root.value['sensordatavalues'];
  if (!Array.isArray(list)) return err({ reason: 'not-readable', detail: 'sensordatavalues is not a list' });
  const prefix = SLOT_PREFIX.get(headers['x-pin'] ?? '') ?? '';
  const pairs = list.flatMap((item: unknown): readonly (readonly [string, unknown])[] => {
    if (typeof item !== 'object' || item === null || !('value_type' in item) || !('value' in item)) return [];
    const name = item.value_type;
    if (typeof name !== 'string') return [];
    return [[name.startsWith(prefix) ? name : `${prefix}${name}`, item.value]];
  });
  // A PPD42NS counts particles: what it calls P1 and P2 is no mass, and only durP1 beside it tells.
  const isCounter = pairs.some(([name]) => name.startsWith('durP'));
  const mass = isCounter ? pairs.filter(([name]) => name !== 'P1' && name !== 'P2') : pairs;
  const credentials = basicCredentials(headers['authorization']);
  return ok({ claim: { id: id.toLowerCase(), secret: credentials }, values: valuesOf(mass), dateUtc: null });
}

/** The custom API of older firmware has the bare chip number in the body. */
function chipId(root: Readonly<Record<string, unknown>>): string | null {
  for (const [member, family] of [
    ['esp8266id', 'esp8266'],
    ['esp32id', 'esp32'],
  ] as const) {
    const id = root[member];
    if (typeof id === 'string' || typeof id === 'number') return `${family}-${id}`;
  }
  return null;
}
