/** What devices, gateways and clients read: payloads of stations, configuration, CSV, answers of the network. */
import { parseProblem } from '../../../buyers/client/problem.ts';
import { parsePayment } from '../../../buyers/client/payment.ts';
import { readOffer } from '../../../buyers/client/offer.ts';
import { parseReadings } from '../../../core/senml/parse-readings.ts';
import { readingsFileBody } from '../../../scripts/device/readings.ts';
import { UsageError } from '../../../scripts/command-line.ts';
import { Refusal } from '../../../scripts/lib/say.ts';
import { readProblem } from '../../../sensors/client/problem.ts';
import { remedyOf } from '../../../sensors/client/refusal.ts';
import { parseConfig } from '../../../sensors/gateway/config.ts';
import { FORMATS, type FormatName } from '../../../sensors/gateway/formats/all.ts';
import { fieldsOf, measuredAt, measurementsOf } from '../../../sensors/gateway/report.ts';
import { parseCsv } from '../../../sensors/simulator/csv.ts';
import { bytesOf, type Fields, jsonBytes, must, parsedJson, type Target, textOf } from '../target.ts';
import { CONFIG, ED25519, NOW_MS, OWNER, PACK, REGION } from './examples.ts';

/** MAX_BODY_BYTES of the gateway. */
const GATEWAY_BYTES = 64 * 1024;

function checkReport(
  format: FormatName,
  request: { readonly path?: string; readonly query?: string; readonly headers?: Fields; readonly body?: string },
): string {
  const headers = Object.fromEntries(
    Object.entries(request.headers ?? {}).map(([name, value]) => [name, typeof value === 'string' ? value : undefined]),
  );
  const report = FORMATS[format].parse({
    method: format === 'wunderground' ? 'GET' : 'POST',
    path: request.path ?? '/',
    query: new URLSearchParams(request.query ?? ''),
    headers,
    body: request.body ?? '',
  });
  if (!report.ok) return report.error.reason;
  must(report.value.claim.id !== '', 'a device without a name');
  const { measuredMs } = measuredAt(report.value.dateUtc, NOW_MS, FORMATS[format].mostBehindMs);
  must(Number.isSafeInteger(measuredMs) && measuredMs <= NOW_MS + 300_000, `measured at ${measuredMs}`);
  const measurements = measurementsOf(report.value, fieldsOf(FORMATS[format], new Map()), measuredMs);
  for (const { quantity, value } of measurements) must(Number.isFinite(value), `${quantity} is ${value}`);
  // What a station says becomes a batch that the network reads.
  return measurements.length === 0 ? 'nothing-to-send' : 'ok';
}

const AIRROHR = {
  esp8266id: '9372054',
  sensordatavalues: [
    { value_type: 'SDS_P1', value: '18.83' }, { value_type: 'SDS_P2', value: '10.60' }, { value_type: 'BME280_temperature', value: '17.00' },
    { value_type: 'BME280_pressure', value: '101001.28' }, { value_type: 'durP1', value: 1 },
  ],
}; // prettier-ignore

const airrohr: Target = {
  name: 'gateway-airrohr',
  form: 'json',
  mostBytes: GATEWAY_BYTES,
  seeds: [
    jsonBytes(AIRROHR),
    jsonBytes({
      esp32id: 17,
      sensordatavalues: [
        { value_type: 'P1', value: 4.3 },
        { value_type: 'temperature', value: '-127' },
      ],
    }),
  ],
  run: (input) => {
    const pin = ['0', '1', '3', '11'][input.length % 4] ?? '0';
    return checkReport('airrohr', {
      body: textOf(input),
      headers: input.length % 2 === 0 ? { 'x-pin': pin } : { 'x-sensor': 'esp8266-1', 'x-pin': pin },
    });
  },
};

const AIRGRADIENT = {
  pm01: 3, pm02: 5.5, pm10: 7, atmp: 21.3, rhum: 48, rco2: 600, wifi: -50,
  channels: { '1': { pm02: 5, atmp: 21, rhum: 48 }, '2': { pm02: 6, atmp: 21.6, rhum: -1 } },
}; // prettier-ignore

const airgradient: Target = {
  name: 'gateway-airgradient',
  form: 'json',
  mostBytes: GATEWAY_BYTES,
  seeds: [jsonBytes(AIRGRADIENT), jsonBytes({ pm02: -1, atmp: -1001, channels: null })],
  run: (input) =>
    checkReport('airgradient', { path: '/sensors/airgradient:84fce602549c/measures', body: textOf(input) }),
};

const FORM =
  'PASSKEY=A1B2C3&stationtype=GW1000B_V1.7.3&dateutc=2026-11-22+11:59:30&tempinf=70.2&humidityin=50&baromrelin=29.9&baromabsin=29.5&tempf=51.8&humidity=80&winddir=270&windspeedmph=3.4&windgustmph=5.1&solarradiation=120.5&uv=1&rainratein=0.000&pm25_ch1=9.0';
const STATION_WORDS = [
  '&tempf=',
  '&humidity=',
  '&dateutc=now',
  '&dateutc=2026-02-31 00:00:00',
  '=nan',
  '=-9999',
  '=1e308',
  '=--',
  '&PASSKEY=',
  '&ID=',
  '&action=',
];

const ecowitt: Target = {
  name: 'gateway-ecowitt',
  form: 'text',
  mostBytes: GATEWAY_BYTES,
  seeds: [bytesOf(FORM), bytesOf('PASSKEY=1&tempf=-40&dateutc=now')],
  words: STATION_WORDS,
  run: (input) => checkReport('ecowitt', { body: textOf(input) }),
};

const wunderground: Target = {
  name: 'gateway-wunderground',
  form: 'text',
  mostBytes: 16 * 1024,
  seeds: [
    bytesOf(`ID=IMADRID1&PASSWORD=secret&action=updateraw&${FORM}&rainin=0.1&AqPM2.5=9`),
    bytesOf('ID=x&PASSWORD=y&dateutc=2026-11-01%2000%3A00%3A00&tempf=1'),
  ],
  words: STATION_WORDS,
  run: (input) => checkReport('wunderground', { query: textOf(input) }),
};

const INGEST = `/v1/regions/${REGION}/readings/0123456789abcdef`;
const GATEWAY = {
  listen: { host: '127.0.0.1', port: 8080 },
  network: 'https://isobar.test',
  state: 'state',
  retrySeconds: 30,
  devices: [
    {
      name: 'roof',
      format: 'airrohr',
      sensor: 'esp8266-9372054',
      user: 'u',
      password: 'p',
      key: 'roof.pem',
      ingest: INGEST,
    },
    {
      name: 'yard',
      format: 'airgradient',
      serial: '84fce602549c',
      key: 'yard.pem',
      ingest: INGEST,
      fields: { pm02: 'pm25', pm10: null },
    },
    {
      name: 'mast',
      format: 'ecowitt',
      passkey: 'a1b2c3d4e5f60718',
      key: 'mast.pem',
      ingest: `https://isobar.test${INGEST}`,
      clock: 'arrival',
    },
    { name: 'pole', format: 'wunderground', station: 'IMADRID1', password: 'secret', key: 'pole.pem', ingest: INGEST },
  ],
};

const gatewayConfig: Target = {
  name: 'gateway-config',
  form: 'json',
  mostBytes: 256 * 1024,
  share: 0.5,
  seeds: [jsonBytes(GATEWAY), ...GATEWAY.devices.map((device) => jsonBytes({ ...GATEWAY, devices: [device] }))],
  run(input) {
    const config = parseConfig(textOf(input));
    if (!config.ok) return config.error[0]?.pointer.slice(0, 14).replaceAll(/\d+/g, '') ?? 'no mistake named';
    must(config.value.devices.length > 0 && config.value.listen.port <= 65_535, 'a gateway without devices');
    return 'ok';
  },
};

const CSV =
  'time,quantity,value,unit\n2026-11-22T09:00:00Z,temp,21.4,Cel\n"2026-11-22T09:05:00Z",rh,"5""4",\r\n2026-11-22T09:10:00+01:00,pm25,7,ug/m3\n';

const csv: Target = {
  name: 'csv',
  share: 0.3,
  form: 'text',
  mostBytes: 256 * 1024,
  seeds: [bytesOf(CSV), bytesOf('device,slice,lat,lon\na,"b, c",1,2\n')],
  words: ['"', '""', ',', '\r\n', '\n', 'time,quantity,value'],
  run(input) {
    const rows = parseCsv(textOf(input));
    const names = Object.keys(rows[0] ?? {});
    for (const row of rows) must(Object.keys(row).length === names.length, 'a row with other columns');
    return rows.length === 0 ? 'empty' : 'ok';
  },
};

const readingsFile: Target = {
  name: 'device-file',
  form: 'text',
  mostBytes: 256 * 1024,
  share: 0.5,
  seeds: [
    bytesOf(CSV),
    bytesOf(PACK),
    jsonBytes([
      { time: '2026-11-22T09:00:00Z', quantity: 'temp', value: 21.4 },
      { time: '2026-11-22T09:00:01Z', quantity: 'rh', value: '54', unit: '%RH' },
    ]),
  ],
  words: ['"time":', '"value":', 'null', '[null]', '[1]', '["n"]', '{"toString":1}', '"bn":'],
  run(input) {
    try {
      const text = textOf(input);
      const body = readingsFileBody(text, 'readings.csv', ED25519);
      if (text.trimStart().startsWith('[')) return 'ok';
      const readings = parseReadings(textOf(body), ED25519, NOW_MS);
      return readings.ok ? 'ok' : readings.error.reason;
    } catch (error) {
      if (error instanceof UsageError || error instanceof Refusal)
        return error.message.slice(0, 24).replaceAll(/\d+/g, '');
      throw error;
    }
  },
};

const PROBLEM = {
  type: 'about:blank',
  title: 'Clock',
  status: 400,
  code: 'clock-skew',
  detail: 'x',
  remedy: 'y',
  'server-time': '2026-11-22T12:00:00Z',
  highest: '00000193b1e4a5c7',
};

const problems: Target = {
  name: 'client-problem',
  form: 'json',
  mostBytes: 64 * 1024,
  share: 0.2,
  seeds: [
    jsonBytes(PROBLEM),
    jsonBytes({ code: 'nonce-too-old', highest: 'ff', serverTime: 1_795_348_800 }),
    bytesOf('<html>Bad Gateway</html>'),
  ],
  async run(input) {
    const text = textOf(input);
    const problem = await readProblem(new Response(text, { status: 400 }));
    remedyOf(problem);
    must(problem.code !== '' || text.includes('""'), 'a problem without a code');
    const { serverMs } = problem;
    // A clock that is set by it must still be one.
    if (serverMs !== null)
      must(Number.isFinite(serverMs) && Math.abs(serverMs) <= 8.64e15, `the server's clock is ${serverMs}`);
    const buyers = parseProblem(402, text);
    must(typeof buyers.detail === 'string', 'no detail');
    return problem.code.startsWith('http-') ? 'no-problem' : 'ok';
  },
};

const KEPT = {
  query: 'q', turn: 1, header: 'abc', amount: '10000', payer: OWNER, nonce: `0x${'11'.repeat(32)}`, asset: OWNER, validBeforeSeconds: 1_795_349_600, state: 'signed', transaction: null,
}; // prettier-ignore
const OFFER = {
  x402Version: 2,
  accepts: [
    {
      scheme: 'exact',
      network: 'eip155:10',
      asset: CONFIG.chain.usdc,
      amount: '10000',
      payTo: OWNER,
      maxTimeoutSeconds: 300,
      extra: { name: 'USD Coin', version: '2' },
    },
  ],
};

const buyerFiles: Target = {
  name: 'buyer-payment',
  form: 'json',
  mostBytes: 64 * 1024,
  seeds: [jsonBytes(KEPT), jsonBytes({ ...KEPT, state: 'settled', transaction: '0x12' })],
  run(input) {
    const kept = parsePayment(textOf(input));
    if (kept === null) return 'no-payment';
    must(parsePayment(JSON.stringify(kept)) !== null && BigInt(kept.amount) >= 0n, 'what was read is not read again');
    return 'ok';
  },
};

const offers: Target = {
  name: 'buyer-offer',
  form: 'json',
  mostBytes: 64 * 1024,
  seeds: [jsonBytes(OFFER)],
  run(input) {
    const offer = readOffer(parsedJson(input), 10, CONFIG.chain.usdc);
    if (!offer.ok) return offer.error.reason;
    must(
      offer.value.asset.toLowerCase() === CONFIG.chain.usdc && offer.value.maxTimeoutSeconds <= 3600,
      'an offer that must not be signed',
    );
    return 'ok';
  },
};

export const DEVICE_TARGETS: readonly Target[] = [
  airrohr, airgradient, ecowitt, wunderground, gatewayConfig, csv, readingsFile, problems, buyerFiles, offers,
]; // prettier-ignore
