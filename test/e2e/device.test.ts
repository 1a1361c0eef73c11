/** `npm run device` against the real Workers: from the box to receipts, many at once, and through a device's life. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ExactPosition } from '../../core/lifecycle/position.ts';
import { createAdminClient, orRefuse } from '../../scripts/admin-client.ts';
import { run, type Ran } from '../../scripts/lib/run.ts';
import { regionBoundary, publicPlaceOf } from '../../scripts/place.ts';
import { MADRID } from '../support/field.ts';
import { type LocalRuntime, startLocalRuntime } from '../support/local-runtime.ts';

const base = mkdtempSync(join(tmpdir(), 'isobar-device-'));
const dir = join(base, 'network');
let network: LocalRuntime;

beforeAll(async () => {
  network = await startLocalRuntime();
  const { cell } = publicPlaceOf(MADRID);
  orRefuse(
    await createAdminClient(network.api, network.adminToken).putRegion(cell, {
      name: 'Madrid',
      boundary: regionBoundary(cell),
    }),
  );
  mkdirSync(dir);
  const [owner] = network.accounts.owners;
  // As npm start leaves it.
  writeFileSync(join(dir, 'local.json'), JSON.stringify({ api: network.api, devices: [], accounts: { owner } }));
  network.accounts.owners.forEach(({ privateKey }, at) => writeFileSync(join(base, `owner-${at}.key`), privateKey));
});
afterAll(async () => {
  await network?.stop();
  rmSync(base, { recursive: true });
});

const device = (...args: readonly string[]): Promise<Ran> =>
  run(['node', 'scripts/device.ts', ...args, '--dir', dir], { env: { NO_COLOR: '1' } });

async function succeed(...args: readonly string[]): Promise<string> {
  const { exitCode, output } = await device(...args);
  expect(exitCode, output).toBe(0);
  return output;
}

const keyOf = (name: string): string => join(base, `${name}.pem`);
const stateOf = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(base, `${name}.device.json`), 'utf8'));
const SITE = ['--lat', '40.41683', '--lon', '-3.70379', '--elevation', '657', '--height', '12'];
const READING = ['--quantity', 'temp', '--value', '21.4'];

async function claimed(name: string, ...args: readonly string[]): Promise<string> {
  await succeed('init', '--key', keyOf(name), '--no-qr', ...args);
  await succeed('claim', '--key', keyOf(name), ...SITE, '--name', name);
  return String(stateOf(name)['device']);
}

test.each(['ed25519', 'ecdsa-p256-sha256'])(
  'from the box to the first receipt in three commands, with a key of %s',
  async (algorithm) => {
    const key = keyOf(algorithm);
    const beganMs = performance.now();
    const made = await succeed('init', '--key', key, '--algorithm', algorithm);
    expect(made).toMatch(/\/claim#device=did:key:z\w+&code=[0-9a-f]{32}\n/);
    expect(made.split('\n').filter((line) => /^[ █▀▄]{40,}$/.test(line)).length).toBeGreaterThan(20);
    const claim = await succeed('claim', '--key', key, ...SITE, '--name', `Roof ${algorithm}`, '--type', 'SDS011');
    expect(claim).toContain(`posts to ${network.api}/v1/regions/`);
    const sent = await succeed('send', '--key', key, ...READING);
    expect(sent).toMatch(/receipt {3}[0-9a-f]{15}-\d+/);
    expect(sent).toContain('1 accepted');
    const seconds = (performance.now() - beganMs) / 1000;
    console.log(`from init to first receipt (${algorithm}): 3 commands, ${seconds.toFixed(1)} s`);
    expect(seconds).toBeLessThan(300);
  },
);

test('the exact place is in no public answer', async () => {
  const did = await claimed('private');
  const answers = await Promise.all(
    [`/v1/devices/${did}`, `/v1/registry/devices/${did}/events`, '/v1/devices'].map(async (path) =>
      (await fetch(network.api + path)).text(),
    ),
  );
  for (const text of answers) {
    expect(text).toContain(did);
    expect(text).not.toMatch(/40\.4168|404168|3\.7037|37037|65700|657\b/);
  }
});

test('what is claimed is not claimed again, and a stranger’s key claims nothing', async () => {
  await claimed('mine');
  expect(await succeed('claim', '--key', keyOf('mine'), ...SITE)).toContain('claimed already');
  // The files of the address are gone, as on a new machine: the network still knows whose it is.
  rmSync(join(base, 'mine.device.json'));
  const again = await device('claim', '--key', keyOf('mine'), ...SITE, '--owner-key', join(base, 'owner-2.key'));
  expect(again.exitCode).toBe(1);
});

test.each([
  [['claim', '--key', 'KEY'], 2, '--lat is missing; --lon is missing'],
  [['claim', '--key', 'KEY', '--lat', '95', '--lon', '1'], 2, 'lat "95" is not a number of degrees from -90 to 90'],
  [['claim', '--key', 'KEY', '--lat', '1', '--lon', '1', '--tier', '3'], 2, '--tier 3: one of 0, 1, 2'],
  [['claim', '--key', 'KEY', '--lat', '1', '--lon', '1', '--owner-key', 'KEY'], 1, 'is no private key'],
  [['send', '--key', 'KEY', '--quantity', 'temp', '--value', '1'], 1, 'is not claimed yet'],
  [['rotate', '--key', 'NOWHERE'], 1, 'does not exist'],
  [['rotate', '--key', 'NOWHERE', '--lost'], 2, '--did'],
  [['maintenance', '--key', 'KEY'], 2, 'give --until TIME or --hours N'],
  [['retire', '--key', 'KEY'], 1, 'give --yes'],
  [['transfer', '--key', 'KEY', '--to', '0x12'], 1, 'is no address'],
  [['transfer', '--accept', 'KEY'], 1, 'is no transfer'],
])('%j is refused in a sentence', async (args, exitCode, sentence) => {
  const key = keyOf('unclaimed');
  if (!existsSync(key)) await succeed('init', '--key', key, '--no-qr');
  const ran = await device(...args.map((word) => word.replace('KEY', key).replace('NOWHERE', keyOf('nowhere'))));
  expect(ran.output).toContain(sentence);
  expect(ran.output).not.toContain('    at ');
  expect(ran.exitCode).toBe(exitCode);
});

describe('a list of twenty devices', () => {
  const list = join(base, 'fleet.csv');
  const rows = (count: number): string =>
    Array.from({ length: count }, (_, at) => `new,${40.3 + at / 100},-3.7,650,3,Mast ${at + 1},SDS011`).join('\n');

  test('with a bad row nothing is posted, and every bad row is named', async () => {
    writeFileSync(
      list,
      `key,lat,lon,elevation,height,name,type\n${rows(18)}\nnew,400,-3.7,,,Mast 19,\nnone.pem,40,-3,,,x,\n`,
    );
    const { exitCode, output } = await device('claim', '--csv', list);
    expect(exitCode).toBe(1);
    expect(output).toContain('line 20: lat "400"');
    expect(output).toContain('line 21: none.pem does not exist');
    expect(output).toContain('nothing was claimed');
    expect((await (await fetch(`${network.api}/v1/devices`)).text()).includes('Mast 1')).toBe(false);
  });

  test('whose results cannot be written, or that names one key twice, claims nothing', async () => {
    writeFileSync(list, `key,lat,lon,elevation,height,name,type\n${rows(2)}\n`);
    const out = join(base, 'missing-folder', 'x.csv');
    const unwritten = await device('claim', '--csv', list, '--out', out);
    expect(unwritten.output).toContain(`${out} cannot be written`);
    expect(unwritten.output).toContain('nothing was claimed');
    await succeed('init', '--key', keyOf('twice'), '--no-qr');
    writeFileSync(list, 'key,lat,lon\ntwice.pem,40.41,-3.7\n./twice.pem,40.42,-3.7\n');
    const twice = await device('claim', '--csv', list);
    expect(twice.output).toContain('line 3: its key is that of line 2');
    expect([unwritten.exitCode, twice.exitCode]).toEqual([1, 1]);
    expect((await (await fetch(`${network.api}/v1/devices`)).text()).includes('Mast 1')).toBe(false);
  });

  test('is claimed whole; a second run claims only what was added', async () => {
    writeFileSync(list, `key,lat,lon,elevation,height,name,type\n${rows(20)}\n`);
    const beganMs = performance.now();
    expect(await succeed('claim', '--csv', list)).toContain('20 claimed, 0 claimed before');
    console.log(`20 devices by a list: ${((performance.now() - beganMs) / 1000).toFixed(1)} s`);
    const results = readFileSync(join(base, 'fleet.claimed.csv'), 'utf8').trimEnd().split('\r\n');
    expect(results).toHaveLength(21);
    expect(new Set(results.slice(1).map((line) => line.split(',')[5])).size).toBe(20);

    writeFileSync(
      list,
      `key,lat,lon,name\nnew,40.5,-3.71,Mast 21\n${rows(20).replaceAll(/,650,3,(Mast \d+),SDS011/g, ',$1')}\n`,
    );
    expect(await succeed('claim', '--csv', list)).toContain('1 claimed, 20 claimed before');
    expect(await succeed('send', '--key', join(base, 'keys/mast-21.pem'), ...READING)).toContain('1 accepted');
  });

  test('a row that the network refuses does not stop the others', async () => {
    // No region is open in the Gulf of Guinea.
    writeFileSync(list, `key,lat,lon,name\nnew,0,0,Buoy\nnew,40.41,-3.69,Bell tower\n`);
    const { exitCode, output } = await device('claim', '--csv', list);
    expect(exitCode).toBe(1);
    expect(output).toMatch(/Buoy +refused: region-not-open/);
    expect(output).toMatch(/Bell tower +claimed/);
  });
});

test('after a change of key the next send goes under the new one', async () => {
  const before = await claimed('rotated');
  const { ingestUrl } = stateOf('rotated')['address'] as { readonly ingestUrl: string };
  await succeed('send', '--key', keyOf('rotated'), ...READING);
  expect(await succeed('rotate', '--key', keyOf('rotated'))).toContain('its history goes on');
  const after = String(stateOf('rotated')['device']);
  expect(after).not.toBe(before);
  expect(await succeed('send', '--key', keyOf('rotated'), '--quantity', 'rh', '--value', '50')).toContain('1 accepted');
  const oldKey = join(base, `rotated.${before.slice(-8)}.old.pem`);
  const old = await device('send', '--key', oldKey, '--url', ingestUrl, ...READING);
  expect(old.output).toContain('retired-device');
  expect(old.exitCode).toBe(1);
});

test('a change of key that is killed at any moment ends with the next command, and no reading is refused', async () => {
  let changes = 0;
  // The n-th change of a file in its folder is when the n-th kill comes. Keys alone change once a day: each has a device of its own.
  for (let moment = 2; moment <= 27; moment += 5) {
    const name = `killed-${moment}`;
    const before = await claimed(name);
    const ended = await killAtChange(moment, ['rotate', '--key', keyOf(name), '--dir', dir]);
    const sent = await succeed('send', '--key', keyOf(name), '--quantity', 'temp', '--value', String(moment));
    expect(sent, `kill at change ${moment}, ${ended}`).toContain('1 accepted');
    if (stateOf(name)['device'] !== before) changes += 1;
    expect(stateOf(name)['rotation']).toBeNull();
  }
  expect(changes).toBeGreaterThan(0);
});

/** Resolves with what ended it: the kill, or the command itself where fewer files changed. */
async function killAtChange(moment: number, args: readonly string[]): Promise<string> {
  let seen = 0;
  const child = spawn(process.execPath, ['scripts/device.ts', ...args], { stdio: 'ignore' });
  const watcher = watch(base, () => {
    seen += 1;
    if (seen === moment) child.kill('SIGKILL');
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  watcher.close();
  return signal ?? `exit ${code}`;
}

test('a lost key is replaced by its owner’s word', async () => {
  await claimed('lost');
  rmSync(keyOf('lost'));
  await succeed('rotate', '--key', keyOf('lost'), '--lost');
  expect(await succeed('send', '--key', keyOf('lost'), ...READING)).toContain('1 accepted');
});

test('a device is moved, rested, handed over and retired, and its status says so', async () => {
  const did = await claimed('traveller');
  await succeed('send', '--key', keyOf('traveller'), ...READING);
  await succeed('relocate', '--key', keyOf('traveller'), '--lat', '40.47', '--lon', '-3.69');
  await succeed('maintenance', '--key', keyOf('traveller'), '--hours', '0.01');
  const [first, second] = stateOf('traveller')['positions'] as readonly ExactPosition[];
  expect([first?.latitudeE7, second?.latitudeE7]).toEqual([404_168_300, 404_700_000]);
  const offer = join(base, 'offer.json');
  const buyer = network.accounts.owners[1]?.address ?? '';
  await succeed('transfer', '--key', keyOf('traveller'), '--to', buyer, '--out', offer);
  const stranger = await device('transfer', '--accept', offer, '--owner-key', join(base, 'owner-2.key'), '--yes');
  expect(stranger.output).toContain('offers it to');
  await succeed('transfer', '--accept', offer, '--owner-key', join(base, 'owner-1.key'), '--yes');

  const status = await succeed('status', '--key', keyOf('traveller'));
  expect(status).toContain(buyer.toLowerCase());
  expect(status).toMatch(/last receipt {2}[0-9a-f]{15}-\d+ of .*: 1 accepted, no flag/);
  for (const kind of ['claim', 'relocate', 'maintenance', 'transfer']) expect(status).toContain(`  ${kind}`);
  expect(status).toContain('traveller.device.json has it with the salt of its public digest');
  const json: unknown = JSON.parse(await succeed('status', '--did', did, '--json'));
  expect(json).toMatchObject({ device: did, registered: { owner: buyer.toLowerCase() } });

  // By its id alone its files hear nothing: who moves it is told what to keep.
  const elsewhere = ['--did', did, '--lat', '40.46', '--lon', '-3.68', '--owner-key', join(base, 'owner-1.key')];
  expect(await succeed('relocate', ...elsewhere)).toMatch(
    /Keep this: .*\n {2}\{"latitudeE7":404600000,.*"salt":"[0-9a-f]{32}"\}/,
  );
  expect(await succeed('status', '--key', keyOf('traveller'))).toContain('not kept here');

  const retire = ['retire', '--key', keyOf('traveller'), '--yes'];
  expect((await device(...retire)).exitCode).toBe(1); // the seller's word counts no more
  await succeed(...retire, '--owner-key', join(base, 'owner-1.key'));
  expect((await device('send', '--key', keyOf('traveller'), ...READING)).output).toContain('retired-device');
});
