/** `npm run gateway` between two devices on sale and the real Workers: checked, reported, signed, receipted, stored. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../scripts/lib/run.ts';
import { generateKeyPem } from '../../sensors/client/key.ts';
import { BERLIN, type FieldDevice, MADRID, registerField, upkeep } from '../support/field.ts';
import { type LocalRuntime, startLocalRuntime } from '../support/local-runtime.ts';
import { getJson, until } from '../support/until.ts';

const IDENTITIES = [
  { name: 'roof', format: 'ecowitt', passkey: 'A50960B3AC048F573FCA89960A56F661' },
  { name: 'street', format: 'airrohr', sensor: 'esp8266-9372054' },
];

// The second is one that the gateway has not seen: of another host and region.
describe.each([
  { region: 'Madrid', place: MADRID },
  { region: 'Berlin', place: BERLIN },
])('on a network in $region', ({ place }) => {
  const dir = mkdtempSync(join(tmpdir(), 'isobar-gateway-'));
  let network: LocalRuntime;
  let devices: readonly FieldDevice[];

  beforeAll(async () => {
    network = await startLocalRuntime();
    const owner = network.accounts.owners[0]?.address ?? '';
    devices = await registerField(network.api, network.adminToken, [
      { ...place, name: 'Roof', algorithm: 'ed25519', owner, tier: 0 },
      { ...place, latitude: place.latitude + 0.06, name: 'Street', algorithm: 'ecdsa-p256-sha256', owner, tier: 0 },
    ]);
  });
  afterAll(async () => {
    await network?.stop();
    rmSync(dir, { recursive: true });
  });

  function configure(file: string, paths: readonly string[], pems: readonly string[]): string {
    const entries = IDENTITIES.map((identity, at) => {
      writeFileSync(join(dir, `${file}-${identity.name}.pem`), pems[at] ?? '');
      return { ...identity, key: `${file}-${identity.name}.pem`, ingest: paths[at] };
    });
    const config = { listen: { port: 0 }, network: network.api, state: `${file}-state`, devices: entries };
    writeFileSync(join(dir, `${file}.json`), JSON.stringify(config));
    return join(dir, `${file}.json`);
  }

  const pathsOf = (): string[] => devices.map(({ ingestUrl }) => new URL(ingestUrl).pathname);

  test('--check says of each device whether the network knows it, its key and its address', async () => {
    const pems = devices.map(({ pem }) => pem);
    const right = await run(['node', 'scripts/gateway.ts', '--config', configure('right', pathsOf(), pems), '--check']);
    expect(right).toMatchObject({ exitCode: 0 });
    for (const { key } of devices) expect(right.output).toContain(`${key.did}, active`);

    const stranger = configure('wrong', pathsOf().toReversed(), [pems[0] ?? '', await generateKeyPem('ed25519')]);
    const wrong = await run(['node', 'scripts/gateway.ts', '--config', stranger, '--check']);
    expect(wrong.exitCode).toBe(1);
    expect(wrong.output).toMatch(/roof \(ecowitt\): unknown-ingest-address/);
    expect(wrong.output).toMatch(/street \(airrohr\): the network does not know did:key:/);

    // A check leaves nothing behind that a region would have to know.
    expect(await getJson(`${network.api}/v1/status`)).toMatchObject({ batches: 0 });
  });

  test('reports of an Ecowitt console and an airRohr end as receipts and stored readings', async () => {
    const config = configure(
      'live',
      pathsOf(),
      devices.map(({ pem }) => pem),
    );
    const child = spawn(process.execPath, ['scripts/gateway.ts', '--config', config], { stdio: 'pipe' });
    try {
      const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
      let said = '';
      child.stdout.on('data', (part: Buffer) => (said += part.toString()));
      child.stderr.on('data', (part: Buffer) => (said += part.toString()));
      const saying = (what: RegExp): Promise<string> =>
        until(`${what} in ${said}`, 30_000, async () => what.exec(said)?.[0] ?? null);
      const address = await saying(/http:\S+/);

      const form = new URLSearchParams({
        PASSKEY: IDENTITIES[0]?.passkey ?? '',
        dateutc: 'now',
        stationtype: 'GW1100A',
      });
      for (const [name, value] of Object.entries({
        tempf: '59.4',
        humidity: '38',
        baromabsin: '29.689',
        tempinf: '71',
      }))
        form.set(name, value);
      expect((await fetch(`${address}/data/report/`, { method: 'POST', body: form })).status).toBe(200);
      const airrohr = {
        esp8266id: '9372054',
        software_version: 'NRZ-2024-135',
        sensordatavalues: [
          { value_type: 'SDS_P1', value: '18.83' },
          { value_type: 'SDS_P2', value: '10.60' },
        ],
      };
      const headers = { 'content-type': 'application/json', 'x-sensor': 'esp8266-9372054' };
      const posted = await fetch(`${address}/data.php`, { method: 'POST', headers, body: JSON.stringify(airrohr) });
      expect(posted.status).toBe(200);

      await saying(/roof: 3 accepted.*\([0-9a-f]{15}-\d+\)/);
      await saying(/street: 2 accepted.*\([0-9a-f]{15}-\d+\)/);
      child.kill('SIGTERM');
      expect(await exited).toBe(0);
      expect(said).toContain('the gateway has stopped');
    } finally {
      child.kill('SIGKILL');
    }
    const [roof] = devices;
    if (!roof) throw new Error('registered above');
    expect(await upkeep(network, roof.cell)).toMatchObject({ batches: 2, readings: 5 });
  });
});
