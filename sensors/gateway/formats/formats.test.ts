/** Payloads as devices write them, by firmware; ids and keys are made up. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { QuantityCode } from '../../../core/reading/quantity.ts';
import { type DeviceRequest, fieldsOf, measurementsOf } from '../report.ts';
import { FORMAT_NAMES, type FormatName, FORMATS, formatOf } from './all.ts';

function read(
  name: FormatName,
  request: Partial<DeviceRequest>,
  choice: Readonly<Record<string, QuantityCode | null>> = {},
): unknown {
  const format = FORMATS[name];
  const full = { method: 'POST', path: '/', query: new URLSearchParams(), headers: {}, body: '', ...request };
  const report = format.parse(full);
  if (!report.ok) return report.error;
  const measurements = measurementsOf(report.value, fieldsOf(format, new Map(Object.entries(choice))), 1000);
  const values = Object.fromEntries(measurements.map(({ quantity, value }) => [quantity, value]));
  return { id: report.value.claim.id, secret: report.value.claim.secret, at: report.value.dateUtc, ...values };
}

const airrohrBody = (values: Readonly<Record<string, string | null>>, root: object = {}): string =>
  JSON.stringify({
    ...root,
    sensordatavalues: Object.entries(values).map(([type, value]) => ({ value_type: type, value })),
  });

test('airRohr NRZ-2020-129 with SDS011 and BME280, all in one post to the custom API', () => {
  const body = airrohrBody(
    {
      SDS_P1: '18.83',
      SDS_P2: '10.60',
      BME280_temperature: '17.00',
      BME280_pressure: '101001.28',
      BME280_humidity: '66.66',
      samples: '4314326',
      min_micro: '33',
      max_micro: '20201',
      interval: '145000',
      signal: '-79',
    },
    { esp8266id: '9372054', software_version: 'NRZ-2020-129' },
  );
  const values = { at: null, pm25: 10.6, pm10: 18.8, temp: 17, rh: 66.7, press: 1010 };
  expect(read('airrohr', { body, headers: { 'x-sensor': 'esp8266-9372054', 'x-pin': '0' } })).toEqual({
    id: 'esp8266-9372054',
    secret: null,
    ...values,
  });
  expect(read('airrohr', { body, headers: { authorization: `Basic ${btoa('roof:secret')}` } })).toEqual({
    id: 'esp8266-9372054',
    secret: 'roof:secret',
    ...values,
  });
});

test('airRohr NRZ-2017-090 with a DHT22, whose names have no prefix', () => {
  const body = airrohrBody({ SDS_P1: '4.30', SDS_P2: '3.53', temperature: '20.80', humidity: '52.30', signal: '-82' });
  expect(read('airrohr', { body, headers: { 'x-sensor': 'esp8266-3394227' } })).toMatchObject({
    pm10: 4.3,
    pm25: 3.5,
    temp: 20.8,
    rh: 52.3,
  });
});

test('airRohr NRZ-2024-135 as it posts to sensor.community: one sensor a post, named by its slot', () => {
  const post = (pin: string, values: Readonly<Record<string, string>>, choice = {}): unknown =>
    read('airrohr', { body: airrohrBody(values), headers: { 'x-sensor': 'esp32-A1B2', 'x-pin': pin } }, choice);
  expect(post('1', { P0: '2.10', P1: '8.12', P2: '5.40' })).toMatchObject({ pm1: 2.1, pm10: 8.1, pm25: 5.4 });
  const climate = { temperature: '-3.25', pressure: '98765.40', humidity: '71.00', pressure_sealevel: '101300' };
  expect(post('11', climate)).toEqual({ id: 'esp32-a1b2', secret: null, at: null, temp: -3.25, rh: 71, press: 987.7 });
  expect(post('15', { noise_LAeq: '48.13', noise_LA_min: '40.00' })).toMatchObject({ noise_laeq: 48.1 });
  expect(post('13', { temperature: '12.00' }, { DS18B20_temperature: null })).not.toHaveProperty('temp');
});

test('airRohr: counts of a PPD42NS are no mass, places and unknown names are left out', () => {
  const counts = airrohrBody({ durP1: '100', ratioP1: '0.3', P1: '155.2', durP2: '50', ratioP2: '0.1', P2: '75.1' });
  const headers = { 'x-sensor': 'esp8266-1' };
  expect(Object.keys(read('airrohr', { body: counts, headers }) ?? {})).toEqual(['id', 'secret', 'at']);
  const slot5 = airrohrBody({ P1: '155.2', P2: '75.1' });
  expect(read('airrohr', { body: slot5, headers: { ...headers, 'x-pin': '5' } })).not.toHaveProperty('pm10');
  const gps = airrohrBody({ GPS_lat: '40.4', GPS_lon: '-3.7', HPM_P1: '7', HPM_P2: '8' });
  expect(Object.keys(read('airrohr', { body: gps, headers }) ?? {})).toEqual(['id', 'secret', 'at']);
});

const airgradientPath = '/sensors/airgradient:ecda3b1eaaaf/measures';

test('AirGradient ONE 3.1.3', () => {
  const body =
    '{"wifi":-46,"rco2":447,"pm01":3,"pm02":7,"pm10":8,"pm003Count":442,"atmp":25.87,"rhum":43,"tvocIndex":100,' +
    '"tvocRaw":33051,"noxIndex":1,"noxRaw":16307,"boot":6,"bootCount":6,"firmware":"3.1.3","model":"I-9PSL"}';
  const request = { path: airgradientPath, body };
  const air = { pm1: 3, pm25: 7, pm10: 8, temp: 25.87, rh: 43, co2: 447 };
  expect(read('airgradient', request)).toEqual({ id: 'ecda3b1eaaaf', secret: null, at: null, ...air });
});

test('AirGradient Open Air with two particle sensors: the mean, of those that measure', () => {
  const channel = (pm02: number, atmp: number): object => ({ pm01: pm02 - 1, pm02, pm10: pm02 + 1, atmp, rhum: 50 });
  const both = JSON.stringify({ wifi: -60, boot: 3, channels: { '1': channel(10, 8.1), '2': channel(12, 8.3) } });
  expect(read('airgradient', { path: airgradientPath, body: both })).toMatchObject({ pm25: 11, temp: 8.2, rh: 50 });
  const one = JSON.stringify({ channels: { '1': channel(10, 8.1), '2': { pm02: -1, atmp: -1001, rhum: -1 } } });
  expect(read('airgradient', { path: airgradientPath, body: one })).toMatchObject({ pm25: 10, temp: 8.1, rh: 50 });
  const root = JSON.stringify({ pm02: 11.4, atmp: 8.2, channels: { '1': channel(10, 8.1) } });
  expect(read('airgradient', { path: airgradientPath, body: root })).toMatchObject({ pm25: 11.4, temp: 8.2 });
});

test('AirGradient: an old kit without particles, what its firmware could not measure, a corrected value by choice', () => {
  const body = '{"wifi":-70,"rco2":-1,"pm02":-1,"atmp":-1001,"rhum":null,"atmpCompensated":18.71}';
  const request = { path: airgradientPath, body };
  expect(Object.keys(read('airgradient', request) ?? {})).toEqual(['id', 'secret', 'at']);
  expect(read('airgradient', request, { atmpCompensated: 'temp' })).toMatchObject({ temp: 18.71 });
});

const ECOWITT = 'PASSKEY=02EB4812BE8FE29E25936DCC71B81862';

test('Ecowitt WS2900, EasyWeatherPro 5.1.1', () => {
  const body =
    `${ECOWITT}&stationtype=EasyWeatherPro_V5.1.1&runtime=0&dateutc=2023-05-16+17:44:59&tempinf=71.8&humidityin=42` +
    '&baromrelin=29.920&baromabsin=29.689&tempf=59.4&humidity=38&winddir=136&windspeedmph=0.67&windgustmph=1.12' +
    '&maxdailygust=1.12&solarradiation=34.89&uv=0&rainratein=0.071&eventrainin=0.000&hourlyrainin=0.000' +
    '&dailyrainin=0.000&totalrainin=0.031&wh65batt=0&freq=868M&model=WS2900_V2.01.18&interval=10';
  const outside = { temp: 15.22, rh: 38, press: 1005.4, wind_speed: 0.3, wind_gust: 0.5, wind_dir: 136 };
  expect(read('ecowitt', { body })).toEqual({
    id: '02eb4812be8fe29e25936dcc71b81862',
    secret: null,
    at: '2023-05-16 17:44:59',
    ...outside,
    rain_rate: 1.8,
    irradiance: 35,
    uv: 0,
  });
});

test('Ecowitt GW2000A 3.3.2 with a WS90: piezo rain, twenty fields that are not ours', () => {
  const body =
    `${ECOWITT}&stationtype=GW2000A_V3.3.2&dateutc=2026-07-10+12%3A45%3A26&tempinf=91.40&humidityin=23` +
    '&baromrelin=29.297&baromabsin=29.297&tempf=95.18&humidity=19&vpd=1.352&winddir=345&winddir_avg10m=135' +
    '&windspeedmph=2.01&windgustmph=3.13&maxdailygust=10.29&solarradiation=861.33&uv=8&rrain_piezo=0.100' +
    '&erain_piezo=0.000&ws90cap_volt=5.3&ws90_ver=160&wh90batt=3.02&pm25_ch1=12.0&freq=868M&model=GW2000A&interval=60\r\n';
  expect(read('ecowitt', { body })).toMatchObject({ temp: 35.1, rh: 19, rain_rate: 2.5, uv: 8, pm25: 12 });
});

test('Ecowitt GW1000 without outdoor sensors, and the pressure that every console has', () => {
  const body = `${ECOWITT}&stationtype=GW1000B_V1.5.5&dateutc=now&tempinf=67.1&humidityin=39&baromrelin=30.138&baromabsin=30.138`;
  expect(read('ecowitt', { body })).toEqual({
    id: '02eb4812be8fe29e25936dcc71b81862',
    secret: null,
    at: 'now',
    press: 1020.6,
  });
  const chosen = { temp: 19.5, rh: 39 };
  expect(read('ecowitt', { body }, { tempinf: 'temp', humidityin: 'rh', baromabsin: null })).toMatchObject(chosen);
});

const wu = (query: string): Partial<DeviceRequest> => ({ method: 'GET', query: new URLSearchParams(query) });

test('Weather Underground as WeeWX writes it', () => {
  const request = wu(
    'action=updateraw&ID=KXXWEEWX1&PASSWORD=s%26cret&softwaretype=weewx-5.1.0&baromin=29.902' +
      '&dateutc=2026-07-01%2018%3A00%3A00&dailyrainin=0.12&dewptf=38.4&rainin=0.02&humidity=022&tempf=81.3' +
      '&radiation=850&solarradiation=850.00&soilmoisture=031&soiltempf=72.5&AqPM2.5=12.4&UV=8.00&winddir=200' +
      '&windgustmph=8.1&windspeedmph=5.6',
  );
  const expected = {
    id: 'kxxweewx1',
    secret: 's&cret',
    at: '2026-07-01 18:00:00',
    temp: 27.39,
    rh: 22,
    dew_point: 3.56,
    wind_speed: 2.5,
    wind_gust: 3.62,
    wind_dir: 200,
    rain_rate: 0.5,
    irradiance: 850,
    uv: 8,
    pm25: 12.4,
  };
  expect(read('wunderground', request)).toEqual(expected);
  expect(read('wunderground', request, { baromin: 'press' })).toEqual({ ...expected, press: 1012.6 });
});

test('Weather Underground as consoles write it: rapid fire, absolute pressure, -9999 for what is not there', () => {
  const request = wu(
    'ID=IMADRID1&PASSWORD=abcd1234&action=updateraw&dateutc=now&realtime=1&rtfreq=5&tempf=-9999&humidity=-9999' +
      '&dewptf=-999.9&windspeedmph=0.0&windgustmph=&winddir=null&absbaromin=27.95&baromin=30.01&rainin=-9999&UV=--',
  );
  expect(read('wunderground', request)).toEqual({
    id: 'imadrid1',
    secret: 'abcd1234',
    at: 'now',
    wind_speed: 0,
    press: 946.5,
  });
});

test('what does not say who it is from, or is no report, is refused with its reason', () => {
  expect(read('ecowitt', { body: 'stationtype=GW1100A&tempf=60' })).toEqual({
    reason: 'no-identity',
    expected: 'PASSKEY in the form',
  });
  expect(read('wunderground', wu('ID=IMADRID1&tempf=60'))).toMatchObject({ reason: 'no-identity' });
  expect(read('wunderground', wu('ID=I&PASSWORD=p&action=delete'))).toMatchObject({ reason: 'not-readable' });
  expect(read('airrohr', { body: airrohrBody({ P1: '1' }) })).toMatchObject({ reason: 'no-identity' });
  expect(read('airrohr', { body: '{"esp8266id":"1"}' })).toMatchObject({ reason: 'not-readable' });
  expect(read('airrohr', { body: '[]' })).toMatchObject({ reason: 'not-readable' });
  expect(read('airgradient', { path: airgradientPath, body: 'pm02=1' })).toMatchObject({ reason: 'not-readable' });
});

test('path, method and type of the body tell the formats apart', () => {
  const form = 'application/x-www-form-urlencoded';
  expect([
    formatOf('GET', '/weatherstation/updateweatherstation.php', ''),
    formatOf('POST', airgradientPath, 'application/json'),
    formatOf('POST', '/data/report/', form),
    formatOf('POST', '/anything', `${form}; charset=utf-8`),
    formatOf('POST', '/v1/push-sensor-data/', 'application/json'),
    formatOf('POST', '/data.php', 'application/json; charset=utf-8'),
    formatOf('GET', '/sensors/airgradient:ecda3b1eaaaf/one/config', ''),
    formatOf('POST', '/data/report/', 'text/plain'),
  ]).toEqual(['wunderground', 'airgradient', 'ecowitt', 'ecowitt', 'airrohr', 'airrohr', null, null]);
});

test('any text is a report or a refusal, and what it measured are numbers of our quantities', () => {
  const anything = fc.record({
    name: fc.constantFrom(...FORMAT_NAMES),
    body: fc.oneof(
      fc.string(),
      fc.json(),
      fc.webQueryParameters(),
      fc.string().map((text) => `PASSKEY=a&tempf=${text}`),
    ),
    query: fc.webQueryParameters(),
  });
  fc.assert(
    fc.property(anything, ({ name, body, query }) => {
      const report = FORMATS[name].parse({
        method: 'POST',
        path: airgradientPath,
        query: new URLSearchParams(`ID=a&PASSWORD=b&${query}`),
        headers: { 'x-sensor': 'esp8266-1' },
        body,
      });
      if (!report.ok) return;
      for (const { value } of measurementsOf(report.value, FORMATS[name].fields, 0))
        expect(Number.isFinite(value)).toBe(true);
    }),
    { numRuns: 500 },
  );
});
