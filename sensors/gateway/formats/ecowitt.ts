/**
 * Ecowitt and its relatives (GW1000 to GW3000, WS2900, HP2550; Froggit, Ambient): an HTTP form in imperial units to a path
 * of the owner's choice, with PASSKEY (a digest of the console's MAC address) as the only mark of the sender.
 */
import { err, ok, type Result } from '../../../core/result.ts';
import { lowerCased } from '../read-body.ts';
import { type BadReport, type DeviceRequest, type Field, type Format, type Report, valuesOf } from '../report.ts';

const CHANNELS = [1, 2, 3, 4, 5, 6, 7, 8];

/** Indoors, of another channel, or at sea level: sent only where the configuration says what they are. */
const UNMAPPED: readonly Field[] = [
  { name: 'tempinf', unit: 'degF', quantity: null },
  { name: 'humidityin', unit: '%RH', quantity: null },
  { name: 'baromrelin', unit: 'inHg', quantity: null },
  ...CHANNELS.flatMap((channel): readonly Field[] => [
    { name: `temp${channel}f`, unit: 'degF', quantity: null },
    { name: `humidity${channel}`, unit: '%RH', quantity: null },
  ]),
  ...[2, 3, 4].map((channel): Field => ({ name: `pm25_ch${channel}`, unit: 'ug/m3', quantity: null })),
  // The WH45 and WH46, made for rooms.
  { name: 'co2', unit: 'ppm', quantity: null },
  { name: 'tf_co2', unit: 'degF', quantity: null },
  { name: 'humi_co2', unit: '%RH', quantity: null },
  { name: 'pm1_co2', unit: 'ug/m3', quantity: null },
  { name: 'pm25_co2', unit: 'ug/m3', quantity: null },
  { name: 'pm10_co2', unit: 'ug/m3', quantity: null },
];

export const ecowitt: Format = {
  parse,
  fields: [
    { name: 'tempf', unit: 'degF', quantity: 'temp' },
    { name: 'humidity', unit: '%RH', quantity: 'rh' },
    { name: 'dewptf', unit: 'degF', quantity: 'dew_point' },
    { name: 'baromabsin', unit: 'inHg', quantity: 'press' },
    { name: 'windspeedmph', unit: 'mph', quantity: 'wind_speed' },
    { name: 'windgustmph', unit: 'mph', quantity: 'wind_gust' },
    { name: 'winddir', unit: 'deg', quantity: 'wind_dir' },
    // A tipping bucket before the piezo gauge of a WS90. Totals have no quantity of their own: decision 0032.
    { name: 'rainratein', unit: 'in/h', quantity: 'rain_rate' },
    { name: 'rrain_piezo', unit: 'in/h', quantity: 'rain_rate' },
    { name: 'solarradiation', unit: 'W/m2', quantity: 'irradiance' },
    { name: 'uv', unit: 'index', quantity: 'uv' },
    { name: 'pm25_ch1', unit: 'ug/m3', quantity: 'pm25' },
    ...UNMAPPED,
  ],
  // A console keeps nothing for later: what is dated long ago has a wrong clock.
  mostBehindMs: 10 * 60_000,
};

function parse({ body }: DeviceRequest): Result<Report, BadReport> {
  const form = lowerCased(new URLSearchParams(body.trim()));
  const passkey = form.get('passkey');
  if (passkey === undefined || passkey === '') return err({ reason: 'no-identity', expected: 'PASSKEY in the form' });
  return ok({
    claim: { id: passkey.toLowerCase(), secret: null },
    values: valuesOf(form),
    dateUtc: form.get('dateutc') ?? null,
  });
}
