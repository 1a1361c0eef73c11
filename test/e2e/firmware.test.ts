/** The C client, as a program of its own, against two networks in real workerd; the second is one it has not seen. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nextNonce } from '../../sensors/client/nonce.ts';
import { BERLIN, type FieldDevice, MADRID, packBatch, registerField, sendBatch, type Site } from '../support/field.ts';
import { FIRMWARE_NEEDS, makeFirmware } from '../support/firmware.ts';
import { type LocalRuntime, startLocalRuntime } from '../support/local-runtime.ts';

const NEEDS = FIRMWARE_NEEDS.length > 0 ? ` (needs ${FIRMWARE_NEEDS.join(', ')})` : '';
const ALGORITHMS = ['ed25519', 'ecdsa-p256-sha256'] as const;
const RECEIPT = /^(accepted|repeated) [0-9a-f]{15}-\d+\n$/;

const dir = mkdtempSync(join(tmpdir(), 'isobar-firmware-e2e-'));
const networks: LocalRuntime[] = [];
let build = '';
let count = 0;

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };
/** A device as the program sees it: a key file, an address, and a memory. */
type Box = {
  readonly device: FieldDevice;
  readonly state: string;
  readonly send: (...args: string[]) => Promise<Ended>;
};

async function newBox(
  network: LocalRuntime | undefined,
  site: Pick<Site, 'algorithm' | 'latitude' | 'longitude'>,
): Promise<Box> {
  if (!network) throw new Error('the network runs');
  const name = `box-${count++}`;
  // A density cell of its own for each.
  const place = { latitude: site.latitude + count / 20, longitude: site.longitude };
  const owner = network.accounts.owners[0]?.address ?? '';
  const sites = [{ ...place, name, algorithm: site.algorithm, owner, tier: 0 } as const];
  const [device] = await registerField(network.api, network.adminToken, sites);
  if (!device) throw new Error('the device was registered');
  const [pem, state] = [join(dir, `${name}.pem`), join(dir, `${name}.state`)];
  writeFileSync(pem, device.pem);
  const send = (...args: string[]): Promise<Ended> => {
    const options = args.filter((arg) => arg.startsWith('-'));
    const readings = args.filter((arg) => !arg.startsWith('-'));
    return new Promise((resolve) => {
      const words = ['-v', ...options, pem, device.ingestUrl, state, ...readings];
      execFile(join(build, 'isobar-send-sanitized'), words, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });
  };
  return { device, state, send };
}

const nonceOf = (box: Box): string => readFileSync(box.state, 'utf8').slice(0, 16);
const statusesOf = ({ stderr }: Ended): readonly string[] =>
  Array.from(stderr.matchAll(/^(\d{3}) .*?(?:"code":"([a-z-]+)".*)?$/gm), ([, status = '', code]) => code ?? status);

describe.skipIf(NEEDS !== '')(`the C client${NEEDS}`, { timeout: 60_000 }, () => {
  beforeAll(async () => {
    build = makeFirmware('isobar-send-sanitized');
    networks.push(await startLocalRuntime(), await startLocalRuntime());
  });
  afterAll(async () => {
    for (const network of networks) await network.stop();
    for (const folder of [build, dir]) rmSync(folder, { recursive: true, force: true });
  });

  test.each(ALGORITHMS)(
    'gets a receipt from a network, and from another at its own address and region: %s',
    async (algorithm) => {
      const one = await newBox(networks[0], { ...MADRID, algorithm });
      const other = await newBox(networks[1], { ...BERLIN, algorithm });
      expect(new URL(one.device.ingestUrl).host).not.toBe(new URL(other.device.ingestUrl).host);
      for (const box of [one, other]) {
        const sent = await box.send('temp=21.40:Cel', 'rh=54:%RH', 'pm25=-0.1:ug/m3');
        expect(sent).toMatchObject({ code: 0, stdout: expect.stringMatching(RECEIPT) });
        expect(sent.stdout).toContain(box.device.cell);
        expect(sent.stderr).toMatch(/^201 .*"accepted":3,/);
        // The nonce, no batch on its way, and the digest of the one that was accepted.
        expect(readFileSync(box.state, 'utf8')).toMatch(/^[0-9a-f]{16} 0 [0-9a-f]{64}\n$/);
      }
    },
  );

  test.each(ALGORITHMS)(
    'in the compact form, too, and one after the other names the one before: %s',
    async (algorithm) => {
      for (const [at, place] of [MADRID, BERLIN].entries()) {
        const box = await newBox(networks[at], { ...place, algorithm });
        const first = await box.send('--compact', 'temp=21.40:Cel', 'rh=54:%RH', 'pm25=-0.1:ug/m3');
        expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(RECEIPT) });
        expect(first.stderr).toMatch(/^201 .*"accepted":3,/);
        const [, , previous] = readFileSync(box.state, 'utf8').trim().split(' ');
        // What the forms share: counter, and the chain of what was accepted.
        for (const form of [[], ['--compact'], []]) {
          expect(await box.send(...form, 'temp=21.41:Cel')).toMatchObject({ code: 0 });
        }
        expect(readFileSync(box.state, 'utf8').trim().split(' ')[2]).not.toBe(previous);
      }
    },
  );

  test('what is wrong with a compact batch is told with its code', async () => {
    const box = await newBox(networks[1], { ...BERLIN, algorithm: 'ecdsa-p256-sha256' });
    const refused = await box.send('--compact', 'temp=21.4:parsec');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('refused: 422 unknown-unit') });
    const skewed = await box.send('--compact', '--no-clock', 'temp=21.4:Cel');
    expect(statusesOf(skewed)).toEqual(['clock-skew', '201']);
    expect(skewed.stderr).toMatch(/"accepted":1,/);
  });

  test.each(ALGORITHMS)('without a clock it takes the time from the refusal and is accepted: %s', async (algorithm) => {
    const box = await newBox(networks[0], { ...MADRID, algorithm });
    const sent = await box.send('--no-clock', 'temp=21.4:Cel');
    expect(statusesOf(sent)).toEqual(['clock-skew', '201']);
    expect(sent.stderr).toMatch(/"accepted":1,/);
  });

  test('having lost its memory and its clock, it counts on from the highest nonce that the network names', async () => {
    const box = await newBox(networks[0], { ...MADRID, algorithm: 'ecdsa-p256-sha256' });
    await box.send('temp=21.4:Cel');
    const highest = nonceOf(box);
    rmSync(box.state);
    const sent = await box.send('--no-clock', 'rh=54:%RH');
    expect(statusesOf(sent)).toEqual(['clock-skew', 'nonce-too-old', '201']);
    expect(nonceOf(box) > highest).toBe(true);
  });

  test('a nonce that was used for other bytes is left behind, the readings are not', async () => {
    const box = await newBox(networks[0], { ...BERLIN, algorithm: 'ed25519' });
    await box.send('temp=21.4:Cel');
    const used = nonceOf(box);
    const pack = '[{"n":"rh","u":"%RH","v":54}]';
    writeFileSync(box.state, `${used} ${pack.length} -\n${pack}`);
    const sent = await box.send();
    expect(statusesOf(sent)).toEqual(['nonce-reused', '201']);
    expect(sent.stderr).toMatch(/"accepted":1,/);
    expect(nonceOf(box) > used).toBe(true);
  });

  test('a batch whose answer was lost is found in its memory, goes again with the same bytes, and counts once', async () => {
    const box = await newBox(networks[0], { ...BERLIN, algorithm: 'ed25519' });
    // The first try was this client's sibling: the state is what stays when power goes between sending and the answer.
    const measuredMs = Math.floor(Date.now() / 1000) * 1000;
    const batch = packBatch(box.device, Number(`0x${nextNonce(null, measuredMs)}`), [
      { quantity: 'temp', unit: 'Cel', value: 21.4, measuredMs },
    ]);
    const first = await sendBatch(box.device, batch);
    writeFileSync(box.state, `${batch.nonce} ${batch.body.length} -\n${new TextDecoder().decode(batch.body)}`);
    const again = await box.send();
    expect(again).toMatchObject({ code: 0, stdout: `repeated ${first.receipt.receipt}\n` });
    expect(statusesOf(again)).toEqual(['200']);
  });

  test('what no repeat can change is told and makes room; what may pass is kept', async () => {
    const box = await newBox(networks[0], { ...MADRID, algorithm: 'ed25519' });
    const refused = await box.send('temp=21.4:parsec');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('refused: 422 unknown-unit') });
    expect(readFileSync(box.state, 'utf8')).toMatch(/ 0 -\n$/);
    const unreached = await box.send('--via=127.0.0.1:1', 'temp=21.4:Cel');
    expect(unreached.code).toBe(75);
    expect(readFileSync(box.state, 'utf8')).toContain('"temp"');
    expect(await box.send()).toMatchObject({ code: 0, stdout: expect.stringMatching(/^accepted /) });
  });
});
