/** `@isobar/sensor` in a real browser, from a page of another origin than the network's: IndexedDB, Web Locks, WebCrypto. */
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installClient } from '../support/client-package.ts';
import { type FieldDevice, MADRID, registerField, upkeep } from '../support/field.ts';
import { type LocalRuntime, startLocalRuntime } from '../support/local-runtime.ts';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
const NOBODY = `0x${'01'.repeat(20)}`;

/** What the page does for the test. */
const PAGE = `<!doctype html><title>A sensor</title><script type="module">
import { openClient } from '/client.js';
import { keyOfPair, loadDeviceKey } from '/key.js';
import { openIndexedDb } from '/indexed-db.js';

let client;
window.sensor = {
  async open(pem, ingestUrl, form, subtle) {
    const key = await loadDeviceKey(pem, subtle === 'none' ? null : crypto.subtle);
    const storage = await openIndexedDb('queue of ' + key.value.did);
    client = await openClient({ ingestUrl, form, key: key.value, storage, retry: { attempts: 1 } });
    return client.status();
  },
  record: (readings) => client.record(readings),
  flush: () => client.flush(),
};
window.ready = true;
</script>`;

describe.skipIf(!existsSync(CHROMIUM))(`the client in a browser (needs ${CHROMIUM})`, () => {
  let network: LocalRuntime;
  let stranger: string;
  let server: Server;
  let origin: string;
  let browser: Browser;
  let devices: readonly FieldDevice[];

  beforeAll(async () => {
    [network, stranger] = await Promise.all([startLocalRuntime(), installClient()]);
    devices = await registerField(
      network.api,
      network.adminToken,
      (['ed25519', 'ecdsa-p256-sha256'] as const).map((algorithm, n) => ({
        name: `Station ${n}`,
        algorithm,
        latitude: MADRID.latitude + n / 50,
        longitude: MADRID.longitude,
        owner: NOBODY,
        tier: 0 as const,
      })),
    );
    const dist = join(stranger, 'node_modules/@isobar/sensor/dist');
    server = createServer((request, response) => {
      const name = /^\/([\w-]+\.js)$/.exec(request.url ?? '')?.[1];
      if (name === undefined) {
        response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
        return;
      }
      readFile(join(dist, name)).then(
        (bytes) => response.writeHead(200, { 'content-type': 'text/javascript' }).end(bytes),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    await network?.stop();
    if (stranger) await rm(stranger, { recursive: true });
  });

  /** Calls a function of the page and brings back what it returns, or what it threw. */
  async function call(page: Page, name: string, ...args: readonly unknown[]): Promise<unknown> {
    const script = `window.sensor.${name}(...${JSON.stringify(args)}).catch((error) => ({ thrown: error.message }))`;
    return page.evaluate(script);
  }

  async function load(page: Page): Promise<Page> {
    await page.goto(origin);
    await page.waitForFunction('window.ready === true');
    return page;
  }

  /** No time twice: of two values for one moment a region refuses the second. */
  let newestMs = Date.now() - 60_000;
  const readings = (count: number) =>
    Array.from({ length: count }, (_, n) => {
      newestMs += 100;
      return { quantity: 'temp', value: 20 + n / 100, measuredMs: newestMs };
    });

  test.each([
    [0, 'json', 'native'],
    [1, 'cose', 'native'],
    [0, 'json', 'none'],
    [1, 'json', 'none'],
  ] as const)('device %i sends %s with keys of %s WebCrypto', async (at, form, subtle) => {
    const device = devices[at];
    if (!device) throw new Error('two were registered');
    const context = await browser.newContext();
    const page = await load(await context.newPage());
    expect(await call(page, 'open', device.pem, device.ingestUrl, form, subtle)).toMatchObject({ waiting: 0 });
    expect(await call(page, 'record', readings(30))).toEqual({ ok: true, value: 'kept' });
    expect(await call(page, 'flush')).toMatchObject({ ok: true, value: { waiting: 0, accepted: 30 } });
    await context.close();
  });

  test('what a page kept off the line is there after it is loaded again, and goes out once; another page is refused', async () => {
    const [device] = devices;
    if (!device) throw new Error('two were registered');
    const before = await upkeep(network, device.cell);
    const context = await browser.newContext();
    const page = await load(await context.newPage());
    const open = (where: Page): Promise<unknown> => call(where, 'open', device.pem, device.ingestUrl, 'json', 'native');
    await open(page);
    await context.setOffline(true);
    expect(await call(page, 'record', readings(25))).toEqual({ ok: true, value: 'kept' });
    expect(await call(page, 'flush')).toMatchObject({ ok: false, error: { reason: 'unreachable' } });
    await context.setOffline(false);
    const other = await load(await context.newPage());
    expect(await open(other)).toMatchObject({ thrown: expect.stringContaining('another page') as string });
    await other.close();
    await load(page);
    expect(await open(page)).toMatchObject({ waiting: 25 });
    expect(await call(page, 'flush')).toMatchObject({ ok: true, value: { waiting: 0, accepted: 25 } });
    await context.close();
    expect((await upkeep(network, device.cell)).readings).toBe(before.readings + 25);
  });
});
