/** send.sh on two networks in real workerd, the second one it has not seen: another port, authority and region. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BERLIN, type FieldDevice, MADRID, registerField } from '../support/field.ts';
import { type LocalRuntime, startLocalRuntime } from '../support/local-runtime.ts';

const SCRIPT = join(import.meta.dirname, '../../sensors/shell/send.sh');
const ALGORITHMS = ['ed25519', 'ecdsa-p256-sha256'] as const;
const missing = ['curl', 'openssl'].filter((tool) => {
  try {
    execFileSync('sh', ['-c', `command -v ${tool}`]);
    return false;
  } catch {
    return true;
  }
});
const NEEDS = missing.length > 0 ? ` (needs ${missing.join(', ')})` : '';

const dir = mkdtempSync(join(tmpdir(), 'isobar-shell-e2e-'));
const networks: LocalRuntime[] = [];
let count = 0;

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };
type Box = { readonly device: FieldDevice; readonly state: string; send(pack: string, url?: string): Promise<Ended> };

async function newBox(
  network: LocalRuntime | undefined,
  place: typeof MADRID | typeof BERLIN,
  algorithm: (typeof ALGORITHMS)[number],
): Promise<Box> {
  if (!network) throw new Error('the network runs');
  const name = `shell-${count++}`;
  const owner = network.accounts.owners[0]?.address ?? '';
  // A density cell of its own for each.
  const position = { latitude: place.latitude + count / 20, longitude: place.longitude };
  const [device] = await registerField(network.api, network.adminToken, [
    { ...position, name, algorithm, owner, tier: 0 },
  ]);
  if (!device) throw new Error('the device was registered');
  const [pem, file] = [join(dir, `${name}.pem`), join(dir, `${name}.json`)];
  writeFileSync(pem, device.pem);
  const send = (pack: string, url: string = device.ingestUrl): Promise<Ended> => {
    writeFileSync(file, pack);
    return new Promise((resolve) =>
      execFile(SCRIPT, [pem, device.key.did, url, file], (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
      ),
    );
  };
  return { device, state: `${pem}.state`, send };
}

const REFUSALS: readonly (readonly [name: string, code: string, pack: string])[] = [
  ['text', '400 not-json', '21.4 degrees'],
  ['an object', '400 not-senml', '{"temp":21.4}'],
  ['an empty pack', '400 empty-pack', '[]'],
  ['an unknown quantity', '422 unknown-quantity', '[{"n":"radon","u":"Bq","v":1}]'],
  ['an unknown unit', '422 unknown-unit', '[{"n":"temp","u":"degF","v":70}]'],
  ['text for a number', '422 not-a-number', '[{"n":"temp","u":"Cel","v":"21"}]'],
  ['a number out of its type', '422 out-of-type', '[{"n":"temp","u":"Cel","v":1e12}]'],
  ['another name', '422 wrong-base-name', '[{"n":"kitchen:temp","u":"Cel","v":21}]'],
  [
    'too many records',
    '413 too-many-records',
    JSON.stringify(Array.from({ length: 5001 }, () => ({ n: 'temp', u: 'Cel', v: 1 }))),
  ],
  ['a large body', '413 body-too-large', `[]${' '.repeat(262_144)}`],
];

describe.skipIf(NEEDS !== '')(`send.sh${NEEDS}`, { timeout: 60_000 }, () => {
  beforeAll(async () => {
    networks.push(await startLocalRuntime(), await startLocalRuntime());
  });
  afterAll(async () => {
    for (const network of networks) await network.stop();
    rmSync(dir, { recursive: true });
  });

  test.each(ALGORITHMS)('gets receipts from both networks, again after a lost answer: %s', async (algorithm) => {
    const one = await newBox(networks[0], MADRID, algorithm);
    const other = await newBox(networks[1], BERLIN, algorithm);
    expect(new URL(one.device.ingestUrl).host).not.toBe(new URL(other.device.ingestUrl).host);
    for (const box of [one, other]) {
      const pack = '[{"n":"temp","u":"Cel","v":21.4},{"n":"rh","u":"%RH","v":54}]';
      const sent = await box.send(pack);
      expect(sent).toMatchObject({ code: 0, stderr: '' });
      const receipt = JSON.parse(sent.stdout) as object;
      expect(receipt).toMatchObject({ region: box.device.cell, readings: { accepted: 2 } });
      // As if the answer had been lost: the pack still stands behind its nonce.
      const nonce = readFileSync(box.state, 'utf8');
      writeFileSync(box.state, nonce + pack);
      const again = await box.send('[{"n":"pm25","u":"ug/m3","v":12.3}]');
      const [repeated = '', fresh = ''] = again.stdout.trim().split('\n');
      expect(JSON.parse(repeated)).toEqual(receipt);
      expect(JSON.parse(fresh)).toMatchObject({ readings: { accepted: 1 } });
    }
  });

  test.each(ALGORITHMS)('every refusal is shown with its code: %s', async (algorithm) => {
    const box = await newBox(networks[1], BERLIN, algorithm);
    for (const [name, code, pack] of REFUSALS) {
      const { code: exit, stderr, stdout } = await box.send(pack);
      const [status = '', problem = ''] = code.split(' ');
      expect([name, exit, stdout]).toEqual([name, 1, '']);
      expect([name, stderr]).toEqual([
        name,
        expect.stringMatching(new RegExp(`^refused: ${status} .*"code":"${problem}"`)),
      ]);
    }
    const stranger = await newBox(networks[1], BERLIN, algorithm);
    expect((await box.send('[]', stranger.device.ingestUrl)).stderr).toContain('"code":"unknown-ingest-address"');
    expect((await box.send('[{"n":"temp","u":"Cel","v":21.4}]')).code).toBe(0);
  });
});
