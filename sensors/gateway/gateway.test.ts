import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type ModelIngest, startModelIngest } from '../../test/support/model-ingest.ts';
import { until } from '../../test/support/until.ts';
import { FileStorage } from '../client/file-storage.ts';
import { generateKeyPem } from '../client/key.ts';
import { Queue } from '../client/queue.ts';
import type { Measurement } from '../client/senml.ts';
import { loadGateway, runGateway } from './gateway.ts';

type Under = {
  readonly network: ModelIngest;
  readonly address: string;
  readonly dir: string;
  readonly lines: string[];
  stop(): Promise<void>;
};

const PASSKEY = 'A50960B3AC048F573FCA89960A56F661';
const IDENTITIES: readonly Readonly<Record<string, string>>[] = [
  { name: 'roof', format: 'ecowitt', passkey: PASSKEY },
  { name: 'garden', format: 'wunderground', station: 'IMADRID1', password: 'abcd1234' },
  { name: 'street', format: 'airrohr', sensor: 'esp8266-12', user: 'me', password: 'secret' },
  { name: 'hall', format: 'airgradient', serial: 'ecda3b1eaaaf' },
];

async function startGateway(): Promise<Under> {
  const dir = await mkdtemp(join(tmpdir(), 'isobar-gateway-'));
  const network = await startModelIngest();
  onTestFinished(async () => {
    await network.stop();
    await rm(dir, { recursive: true });
  });
  for (const { name = '' } of IDENTITIES) await writeFile(join(dir, `${name}.pem`), await generateKeyPem('ed25519'));
  return startAgain(dir, network);
}

async function startAgain(dir: string, network: ModelIngest): Promise<Under> {
  const devices = IDENTITIES.map((identity) => ({
    ...identity,
    key: `${identity['name']}.pem`,
    ingest: network.ingestUrl,
  }));
  const loaded = await loadGateway(JSON.stringify({ listen: { port: 0 }, devices }), dir);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const stopping = new AbortController();
  const lines: string[] = [];
  const listening = Promise.withResolvers<string>();
  const running = runGateway(loaded.value, stopping.signal, (line) => lines.push(line), listening.resolve);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
  };
  const address = await Promise.race([listening.promise, running.then(() => 'stopped')]);
  onTestFinished(stop);
  return { network, address, dir, lines, stop };
}

async function post(
  address: string,
  path: string,
  type: string,
  body: string,
  headers = {},
): Promise<[number, string]> {
  const init = { method: 'POST', headers: { 'content-type': type, ...headers }, body };
  const response = await fetch(`${address}${path}`, init);
  return [response.status, await response.text()];
}

const form = (address: string, body: string): Promise<[number, string]> =>
  post(address, '/data/report/', 'application/x-www-form-urlencoded', body);

async function wu(address: string, query: string): Promise<[number, string]> {
  const response = await fetch(`${address}/weatherstation/updateweatherstation.php?${query}`);
  return [response.status, await response.text()];
}

test('each format gets its own word of success, and its readings reach the network signed and converted', async () => {
  const { network, address } = await startGateway();
  expect(await form(address, `PASSKEY=${PASSKEY}&dateutc=now&tempf=50&tempinf=70`)).toEqual([200, '']);
  expect(await wu(address, 'ID=IMADRID1&PASSWORD=abcd1234&dateutc=now&windspeedmph=10')).toEqual([200, 'success\n']);
  const measures = await post(
    address,
    '/sensors/airgradient:ECDA3B1EAAAF/measures',
    'application/json',
    '{"rco2":420}',
  );
  expect(measures).toEqual([200, 'OK\n']);
  const airrohr = '{"esp8266id":"12","sensordatavalues":[{"value_type":"SDS_P2","value":"7.26"}]}';
  const basic = { authorization: `Basic ${btoa('me:secret')}` };
  expect(await post(address, '/data.php', 'application/json', airrohr, basic)).toEqual([200, 'OK\n']);
  await until('four readings', 5_000, async () => (network.values.size === 4 ? true : null));
  const values = Object.fromEntries([...network.values].map(([name, value]) => [name.split(' ')[0], value]));
  expect(values).toEqual({ temp: 10, wind_speed: 4.47, co2: 420, pm25: 7.3 });
  expect(new Set([...network.counted.keys()].map((name) => name.split(' ')[0])).size).toBe(4);
});

test('a wrong PASSKEY, password or serial is refused in the words of its protocol, and nothing of it is kept', async () => {
  const { network, address, lines } = await startGateway();
  expect(await form(address, `PASSKEY=${PASSKEY.replace('A', 'B')}&tempf=50`)).toEqual([401, 'Unauthorized\n']);
  expect(await form(address, 'tempf=50')).toEqual([400, 'Bad Request: expected PASSKEY in the form\n']);
  for (const query of ['ID=IMADRID1&PASSWORD=abcd1235', 'ID=IMADRID2&PASSWORD=abcd1234', 'ID=IMADRID1'])
    expect(await wu(address, `${query}&tempf=50`)).toEqual([401, 'INVALIDPASSWORDID|Unauthorized\n']);
  const json = (path: string, headers = {}): Promise<[number, string]> =>
    post(address, path, 'application/json', '{"esp8266id":"12","sensordatavalues":[],"rco2":420}', headers);
  expect(await json('/sensors/airgradient:000000000000/measures')).toEqual([403, 'Forbidden: unknown device\n']);
  expect(await json('/data.php')).toEqual([401, 'Unauthorized\n']);
  expect(await json('/data.php', { authorization: `Basic ${btoa('me:Secret')}` })).toEqual([401, 'Unauthorized\n']);
  expect((await fetch(`${address}/sensors/airgradient:ecda3b1eaaaf/one/config`)).status).toBe(404);
  // The owner is told once what to configure, and no password.
  expect(lines).toContain(`ecowitt: a device that is not in the configuration: b50960b3ac048f573fca89960a56f661`);
  expect(lines).toContain('wunderground: wrong password for imadrid1');
  expect(lines.join()).not.toMatch(/abcd123|secret/i);
  expect(network.counted.size).toBe(0);
});

test('guessing, flooding and large bodies end at a limit', async () => {
  const { address } = await startGateway();
  const guesses = [];
  for (let guess = 0; guess < 11; guess++) guesses.push((await wu(address, `ID=IMADRID1&PASSWORD=${guess}`))[0]);
  expect(guesses).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
  const times = Array.from({ length: 121 }, (_, second) => `2026-01-01 00:${Math.floor(second / 60)}:${second % 60}`);
  const reports = [];
  for (const time of times) reports.push((await form(address, `PASSKEY=${PASSKEY}&dateutc=${time}&uv=1`))[0]);
  expect([reports.indexOf(429), reports.slice(0, 120).every((status) => status === 200)]).toEqual([120, true]);
  expect((await form(address, `PASSKEY=${PASSKEY}&x=${'x'.repeat(70_000)}`))[0]).toBe(413);
});

test("a console's clock that is off by hours gives way to the time of arrival; a report is sent once however often it comes", async () => {
  const { network, address, lines, dir, stop } = await startGateway();
  const nowMs = Math.floor(Date.now() / 1000) * 1000;
  const written = new Date(nowMs - 60_000).toISOString();
  const near = `PASSKEY=${PASSKEY}&dateutc=${written.slice(0, 19).replace('T', '+')}&humidity=40`;
  expect(await form(address, near)).toEqual([200, '']);
  expect(await form(address, near)).toEqual([200, '']);
  expect(await form(address, `PASSKEY=${PASSKEY}&dateutc=2000-01-01+00:00:00&humidity=41`)).toEqual([200, '']);
  await until('two readings', 5_000, async () => (network.counted.size === 2 ? true : null));
  expect(network.values.get(`rh ${written}`)).toBe(40);
  const other = [...network.values].find(([, value]) => value === 41)?.[0].slice(3) ?? '';
  expect(Math.abs(Date.parse(other) - nowMs)).toBeLessThan(30_000);
  expect(lines).toContain("roof: the device's clock is wrong; the time of arrival is taken");
  await stop();
  const again = await startAgain(dir, network);
  expect(await form(again.address, near)).toEqual([200, '']);
  expect(await form(again.address, `PASSKEY=${PASSKEY}&dateutc=now&humidity=42`)).toEqual([200, '']);
  await until('the third reading', 5_000, async () => (network.counted.size === 3 ? true : null));
  expect([...network.counted.values()]).toEqual([1, 1, 1]);
});

test("once the network has corrected the machine's clock, reports are stamped by it; the start says how far it is off", async () => {
  const { network, address, dir, stop } = await startGateway();
  network.aheadMs = 20 * 60_000;
  const hall = (co2: number): Promise<[number, string]> =>
    post(address, '/sensors/airgradient:ecda3b1eaaaf/measures', 'application/json', JSON.stringify({ rco2: co2 }));
  await hall(420);
  await until('the reading that tells', 5_000, async () => (network.values.size === 1 ? true : null));
  await hall(430);
  await until('the next reading', 5_000, async () => (network.values.size === 2 ? true : null));
  const [time] = [...network.values].find(([, value]) => value === 430) ?? [''];
  expect(Math.abs(Date.parse(time.slice(4)) - Date.now() - network.aheadMs)).toBeLessThan(30_000);
  await stop();
  const { lines } = await startAgain(dir, network);
  const told = await until(
    'the start tells',
    5_000,
    async () => lines.find((line) => line.startsWith('WARNING')) ?? null,
  );
  expect(told).toMatch(/^WARNING: the clock of this machine is off by (1199|1200|1201) s: set it right/);
});

/** As WS2910 firmware writes its header (README of djjudas21/ecowitt-exporter): a space behind the length, LF in the body. */
test('headers as Ecowitt firmware writes them are understood', async () => {
  const { address } = await startGateway();
  const { hostname, port } = new URL(address);
  const body = `PASSKEY=${PASSKEY}&dateutc=now&uv=1`;
  const socket = connect(Number(port), hostname);
  socket.write(
    `POST /data/report/ HTTP/1.1\r\nHOST: ${hostname}\r\nConnection: Close\r\n` +
      `Content-Type: application/x-www-form-urlencoded\r\nContent-Length:${body.length} \r\n\r\n${body}`,
  );
  const said = await new Promise<string>((resolve) => socket.once('data', (part) => resolve(part.toString())));
  expect(said).toMatch(/^HTTP\/1.1 200 /);
});

test('10,000 readings of a week without the network go out once, signed now', async () => {
  const { dir, network, stop } = await startGateway();
  await stop();
  const queue = await Queue.open(await FileStorage.open(join(dir, 'gateway-state/roof.queue')));
  const beginMs = Date.now() - 7 * 86_400_000;
  const reports = Array.from({ length: 5_000 }, (_, minute): readonly Measurement[] => [
    { quantity: 'temp', value: minute / 100, unit: 'Cel', measuredMs: beginMs + minute * 120_000 },
    { quantity: 'rh', value: 50, unit: '%RH', measuredMs: beginMs + minute * 120_000 },
  ]);
  await Promise.all(reports.map((measurements) => queue.keep(measurements)));
  await queue.close();
  const { lines } = await startAgain(dir, network);
  await until('all readings', 20_000, async () => (network.counted.size === 10_000 ? true : null));
  expect(new Set(network.counted.values())).toEqual(new Set([1]));
  expect(lines.filter((line) => line.includes('1000 accepted')).length).toBeGreaterThanOrEqual(9);
}, 30_000);

test('a second gateway on the same folder is refused, because both would count up one nonce', async () => {
  const { dir, network } = await startGateway();
  await expect(startAgain(dir, network)).rejects.toThrow('a gateway already runs on');
});

test('what the network refuses for good is kept beside, and the next report goes on', async () => {
  const { network, address, dir } = await startGateway();
  network.refusesWith = { status: 422, code: 'unknown-quantity' };
  await form(address, `PASSKEY=${PASSKEY}&uv=1`);
  const file = join(dir, 'gateway-state/roof.queue.aside.jsonl');
  const kept = await until('the refusal', 5_000, () => readFile(file, 'utf8').catch(() => null));
  expect(JSON.parse(kept)).toMatchObject({ code: 'unknown-quantity' });
  network.refusesWith = null;
  await form(address, `PASSKEY=${PASSKEY}&uv=2`);
  await until('the next', 5_000, async () => (network.counted.size === 1 ? true : null));
  expect([...network.values.values()]).toEqual([2]);
});

test('a missing key, a key that is none and a key used twice are named by their place', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'isobar-gateway-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, 'bad.pem'), 'hello');
  const pem = await generateKeyPem('ed25519');
  await writeFile(join(dir, 'one.pem'), pem);
  await writeFile(join(dir, 'copy.pem'), pem);
  const ingest = 'https://api.example/v1/regions/8339aafffffffff/readings/f6a6e22d3fa5a76f';
  const keys = ['none.pem', 'bad.pem', 'one.pem', 'copy.pem'];
  const devices = IDENTITIES.map((identity, at) => ({ ...identity, ingest, key: keys[at] }));
  const loaded = await loadGateway(JSON.stringify({ listen: { port: 0 }, devices }), dir);
  expect(loaded.ok ? [] : loaded.error.map(({ pointer }) => pointer)).toEqual([
    '/devices/0/key',
    '/devices/1/key',
    '/devices/3/key',
  ]);
});
