/**
 * Weather Underground's upload for personal stations: everything in the query of a GET, imperial units, station ID and
 * password in clear. Fields: "PWS Upload Protocol", support.weather.com.
 */
import { err, ok, type Result } from '../../../core/result.ts';
import { lowerCased } from '../read-body.ts';
import { type BadReport, type DeviceRequest, type Format, type Report, valuesOf } from '../report.ts';

export const WUNDERGROUND_PATH = '/weatherstation/updateweatherstation.php';

export const wunderground: Format = {
  parse,
  fields: [
    { name: 'tempf', unit: 'degF', quantity: 'temp' },
    { name: 'humidity', unit: '%RH', quantity: 'rh' },
    { name: 'dewptf', unit: 'degF', quantity: 'dew_point' },
    // Not of the protocol; Ecowitt's consoles and others add the station's own pressure under this name.
    { name: 'absbaromin', unit: 'inHg', quantity: 'press' },
    { name: 'windspeedmph', unit: 'mph', quantity: 'wind_speed' },
    { name: 'windgustmph', unit: 'mph', quantity: 'wind_gust' },
    { name: 'winddir', unit: 'deg', quantity: 'wind_dir' },
    // The rain of the past 60 minutes, which is the mean rate over them: decision 0032.
    { name: 'rainin', unit: 'in/h', quantity: 'rain_rate' },
    { name: 'solarradiation', unit: 'W/m2', quantity: 'irradiance' },
    { name: 'uv', unit: 'index', quantity: 'uv' },
    { name: 'aqpm2.5', unit: 'ug/m3', quantity: 'pm25' },
    { name: 'aqpm10', unit: 'ug/m3', quantity: 'pm10' },
    { name: 'aqozone', unit: 'ppb', quantity: 'o3' },
    { name: 'aqno2', unit: 'ppb', quantity: 'no2' },
    { name: 'aqso2', unit: 'ppb', quantity: 'so2' },
    { name: 'aqco', unit: 'ppm', quantity: 'co' },
    // Reduced to sea level, unless the owner knows that this station does not.
    { name: 'baromin', unit: 'inHg', quantity: null },
    { name: 'indoortempf', unit: 'degF', quantity: null },
    { name: 'indoorhumidity', unit: '%RH', quantity: null },
    ...[2, 3, 4].map((sensor) => ({ name: `temp${sensor}f`, unit: 'degF', quantity: null }) as const),
  ],
  // Programs such as WeeWX send what they could not send before; the network takes 30 days.
  mostBehindMs: 30 * 86_400_000,
};

function parse({ query }: DeviceRequest): Result<Report, BadReport> {
  const given = lowerCased(query);
  const id = given.get('id');
  const secret = given.get('password');
  if (id === undefined || id === '' || secret === undefined)
    return err({ reason: 'no-identity', expected: 'ID and PASSWORD in the query' });
  const action = given.get('action');
  if (action !== undefined && action !== 'updateraw')
    return err({ reason: 'not-readable', detail: 'action is not updateraw' });
  return ok({
    claim: { id: id.toLowerCase(), secret },
    values: valuesOf(given),
    dateUtc: given.get('dateutc') ?? null,
  });
}
