import { expect, test } from 'vitest';
import { parseConfig } from './config.ts';

const INGEST = 'https://api.example/v1/regions/8339aafffffffff/readings/f6a6e22d3fa5a76f';
const listen = { host: '0.0.0.0', port: 8266 };
const roof = {
  name: 'roof',
  format: 'ecowitt',
  passkey: 'A50960B3AC048F573FCA89960A56F661',
  key: 'a.pem',
  ingest: INGEST,
};
const garden = {
  name: 'garden',
  format: 'wunderground',
  station: 'IMADRID1',
  password: 'abcd',
  key: 'b.pem',
  ingest: INGEST,
};

function mistakesOf(config: unknown): readonly string[] {
  const parsed = parseConfig(typeof config === 'string' ? config : JSON.stringify(config));
  return parsed.ok ? [] : parsed.error.map(({ pointer, expected }) => `${pointer} ${expected}`);
}

test('a right file becomes a configuration, with what was left out filled in', () => {
  const devices = [
    { ...roof, fields: { TempInF: 'temp', tempf: null }, clock: 'arrival' },
    { ...garden, ingest: new URL(INGEST).pathname },
    { name: 'pm', format: 'airrohr', sensor: 'esp8266-12', user: 'u', password: 'p', key: 'c.pem', ingest: INGEST },
    { name: 'air', format: 'airgradient', serial: 'ECDA3B1EAAAF', key: 'd.pem', ingest: INGEST },
  ];
  const parsed = parseConfig(JSON.stringify({ listen, network: 'https://api.example', devices }));
  expect(parsed).toMatchObject({ ok: true, value: { state: 'gateway-state', retrySeconds: 60 } });
  if (!parsed.ok) throw new Error('refused');
  expect(parsed.value.devices.map(({ claim }) => claim)).toEqual([
    { id: 'a50960b3ac048f573fca89960a56f661', secret: null },
    { id: 'imadrid1', secret: 'abcd' },
    { id: 'esp8266-12', secret: 'u:p' },
    { id: 'ecda3b1eaaaf', secret: null },
  ]);
  const [first, second] = parsed.value.devices;
  expect([...(first?.fields ?? [])]).toEqual([
    ['tempinf', 'temp'],
    ['tempf', null],
  ]);
  expect([first?.clock, second?.clock, second?.ingestUrl]).toEqual(['arrival', 'device', INGEST]);
});

test.each([
  ['{', [' JSON (']],
  [[], [' an object', '/listen an object', '/listen/port a whole number', '/devices a list']],
  [{ listen: { port: 70000 }, devices: [roof] }, ['/listen/port a whole number from 0 to 65535']],
  [{ listen, devices: [roof], speed: 1 }, ['/speed no such member']],
  [{ listen, devices: [{ ...roof, passkey: 'hello' }] }, ['/devices/0/passkey the PASSKEY, hex digits']],
  [
    { listen, devices: [{ ...roof, format: 'davis' }] },
    ['/devices/0/format one of airrohr', '/devices/0/passkey no such'],
  ],
  [{ listen, devices: [{ ...roof, ingest: 'api.example' }] }, ['/devices/0/ingest the address given at registration']],
  [{ listen, devices: [{ ...roof, name: '../up' }] }, ['/devices/0/name a name of letters']],
  [{ listen, devices: [{ ...garden, password: undefined }] }, ['/devices/0/password the password']],
  [{ listen, devices: [{ ...roof, fields: { 'a/b': 'temp' } }] }, ['/devices/0/fields/a~1b a field of ecowitt: tempf']],
  [
    { listen, devices: [{ ...roof, fields: { tempinf: 'rh' } }] },
    ['/devices/0/fields/tempinf a quantity that is measured'],
  ],
  [{ listen, devices: [{ ...roof, fields: { tempinf: 'heat' } }] }, ['/devices/0/fields/tempinf a quantity of docs']],
  [
    { listen, devices: [roof, { ...roof, name: 'ROOF' }] },
    ['/devices/1/name another', '/devices/1/key another', '/devices/1 another identity'],
  ],
] as const)('each mistake is named by its place: %j', (config, begins) => {
  const mistakes = mistakesOf(config);
  for (const begin of begins)
    expect(
      mistakes.some((mistake) => mistake.startsWith(begin)),
      `${begin}: ${mistakes.join('; ')}`,
    ).toBe(true);
});
