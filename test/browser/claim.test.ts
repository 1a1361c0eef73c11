/**
 * The page that a claim link opens, in a real browser before the real Workers: an owner signs there with a wallet, and the
 * device agrees from its command line. The wallet is EIP-1193 around an account of viem.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { privateKeyToAccount } from 'viem/accounts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { commitPosition, type ExactPosition } from '../../core/lifecycle/position.ts';
import type { EventsAnswer } from '../../schema/api/registry.ts';
import { createAdminClient, orRefuse } from '../../scripts/admin-client.ts';
import { LOCAL_CHAIN_ID } from '../../scripts/lib/chain.ts';
import { run } from '../../scripts/lib/run.ts';
import { publicPlaceOf, regionBoundary } from '../../scripts/place.ts';
import { MADRID } from '../support/field.ts';
import { type LocalRuntime, startLocalRuntime } from '../support/local-runtime.ts';
import { until } from '../support/until.ts';

const CHROMIUM = '/usr/bin/chromium';
const ROOT = join(import.meta.dirname, '..', '..');
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
const PATIENCE_MS = 20_000;

/** In the page, before its scripts. `askWallet` is in this process. */
type Asked = { readonly method: string; readonly params?: readonly unknown[] };
type WalletAnswer = { readonly value: unknown } | { readonly code: number; readonly message: string };
declare const askWallet: (call: Asked) => Promise<WalletAnswer>;
function injectWallet(): void {
  const request = async (call: Asked): Promise<unknown> => {
    const answer = await askWallet(call);
    if ('value' in answer) return answer.value;
    throw Object.assign(new Error(answer.message), { code: answer.code });
  };
  Object.assign(globalThis, { ethereum: { request } });
}

describe.skipIf(!existsSync(CHROMIUM))(`the claim page (needs ${CHROMIUM})`, { timeout: 90_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'isobar-claim-'));
  let network: LocalRuntime;
  let browser: Browser;
  let page: Page;
  let chainId: number;
  /** Codes of EIP-1193 that the wallet answers with next, in place of an answer. */
  let refusals: Map<string, number>;
  let complaints: string[];
  let devices = 0;

  beforeAll(async () => {
    execFileSync(process.execPath, ['scripts/build-web.ts'], { cwd: ROOT });
    network = await startLocalRuntime();
    const { cell } = publicPlaceOf(MADRID);
    const admin = createAdminClient(network.api, network.adminToken);
    orRefuse(await admin.putRegion(cell, { name: 'Madrid', boundary: regionBoundary(cell) }));
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });

  afterAll(async () => {
    await browser?.close();
    await network?.stop();
    rmSync(folder, { recursive: true });
  });

  beforeEach(() => {
    chainId = LOCAL_CHAIN_ID;
    refusals = new Map();
    complaints = [];
  });
  afterEach(async () => {
    await page.context().close();
  });

  const owner = () => privateKeyToAccount(network.accounts.owners[0]?.privateKey ?? '0x');

  async function answer({ method, params = [] }: Asked): Promise<WalletAnswer> {
    const code = refusals.get(method);
    if (code !== undefined) return { code, message: 'the test says no' };
    if (method === 'eth_requestAccounts') return { value: [owner().address] };
    if (method === 'eth_chainId') return { value: `0x${chainId.toString(16)}` };
    if (method === 'wallet_switchEthereumChain') {
      chainId = Number((params[0] as { chainId: string }).chainId);
      return { value: null };
    }
    if (method !== 'eth_signTypedData_v4') return { code: 4200, message: `${method} is not known` };
    const data = JSON.parse(String(params[1])) as Parameters<ReturnType<typeof owner>['signTypedData']>[0];
    // As a wallet does: a signature for another chain than its own is refused.
    if (Number(data.domain?.chainId) !== chainId) return { code: -32603, message: 'another chain' };
    return { value: await owner().signTypedData(data) };
  }

  type Screen = { readonly width: number; readonly height: number; readonly dark?: boolean; readonly wallet?: boolean };
  async function openPage(url: string, { width, height, dark = false, wallet = true }: Screen): Promise<void> {
    const context = await browser.newContext({
      viewport: { width, height },
      locale: 'en-GB',
      colorScheme: dark ? 'dark' : 'light',
      reducedMotion: 'reduce',
      permissions: ['geolocation'],
      geolocation: { latitude: MADRID.latitude, longitude: MADRID.longitude },
    });
    page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      // The browser's own line for an answer of 404: the device has no record yet.
      if (message.type() === 'error' && !message.text().includes('404')) complaints.push(message.text());
    });
    if (wallet) {
      await page.exposeFunction('askWallet', answer);
      await page.addInitScript(injectWallet);
    }
    await page.goto(url);
  }

  /** A new device and the link that it printed. */
  async function newDevice(): Promise<{ readonly key: string; readonly link: string }> {
    const key = join(folder, `device-${(devices += 1)}.pem`);
    const { output } = await run(['node', 'scripts/device.ts', 'init', '--key', key, '--no-qr', '--api', network.api]);
    return { key, link: /http\S+\/claim#\S+/.exec(output)?.[0] ?? output };
  }

  const DESKTOP = { width: 1280, height: 900 };
  const text = (selector: string): Promise<string> => page.locator(selector).innerText();
  const fill = async (fields: Readonly<Record<string, string>>): Promise<void> => {
    for (const [id, value] of Object.entries(fields)) await page.locator(`#${id}`).fill(value);
  };

  test.each([
    ['desktop', DESKTOP],
    ['phone', { width: 390, height: 844, dark: true }],
  ])('an owner signs on a %s, the device agrees, and the page says so', async (name, screen) => {
    const { key, link } = await newDevice();
    chainId = 1;
    await openPage(link, screen);
    await page.locator('#connect').click();
    await page.getByText(owner().address.toLowerCase()).waitFor();
    await page.locator('#locate').click();
    await page.getByText('in the region Madrid').waitFor();
    await fill({ elevation: '657', height: '12,5', name: `Roof <${name}>`, type: 'SDS011' });
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await page.locator('#sign').click();
    await page.getByText('Now the device').waitFor();
    expect(chainId).toBe(LOCAL_CHAIN_ID);

    const saved = await savedPosition();

    const args = ['scripts/device.ts', 'claim', '--key', key, '--link', '--yes', '--no-qr', '--timeout', '30'];
    const { exitCode, output } = await run(['node', ...args]);
    expect(exitCode, output).toBe(0);
    expect(output).toContain(owner().address.toLowerCase());
    expect(output).toContain(`Roof <${name}> (SDS011)`);
    await page.getByText('The device is claimed').waitFor();
    expect(await text('#outcome')).toContain(`Roof <${name}>`);

    const state = JSON.parse(readFileSync(key.replace('.pem', '.device.json'), 'utf8'));
    expect(state.address.ingestUrl).toContain(network.api);
    expect(state.positions).toEqual([saved.position]);
    const { events } = await (
      await fetch(`${network.api}/v1/registry/devices/${state.device}/events`)
    ).json<EventsAnswer>();
    expect(events[0]).toMatchObject({ kind: 'claim', act: { position: commitPosition(saved.position) } });
    expect(await savedPosition()).toEqual(saved);
    await page.reload();
    await page.getByText('The device is claimed').waitFor();
    expect(complaints).toEqual([]);
  });

  test('the device that waits hears of the owner while it waits, and refuses a half without its code', async () => {
    const { key, link } = await newDevice();
    await openPage(link.replace(/code=\w{32}/, `code=${'00'.repeat(16)}`), DESKTOP);
    await signWholeForm();
    const waiting = spawn(
      process.execPath,
      ['scripts/device.ts', 'claim', '--key', key, '--link', '--yes', '--no-qr'],
      { cwd: ROOT },
    );
    let said = '';
    waiting.stdout.on('data', (part: Buffer) => (said += part.toString()));
    waiting.stderr.on('data', (part: Buffer) => (said += part.toString()));
    const ended = new Promise<number | null>((resolve) => waiting.once('exit', resolve));
    try {
      await until('the device waits', PATIENCE_MS, async () => (said.includes('Waiting for the owner') ? true : null));
      await page.goto('about:blank');
      await page.goto(link);
      await signWholeForm();
      expect(await ended, said).toBe(0);
      expect(said).toContain('is claimed in region');
    } finally {
      waiting.kill('SIGKILL');
    }
  });

  /** The file that the page offers, as it lands on the owner's disk. */
  async function savedPosition(): Promise<{ readonly device: string; readonly position: ExactPosition }> {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByText('Save the exact place').click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^isobar-position-\w{8}\.json$/);
    return JSON.parse(readFileSync(await download.path(), 'utf8'));
  }

  async function signWholeForm(): Promise<void> {
    await fill({ lat: '40.4168', lon: '-3.7038', type: 'own design' });
    await page.locator('#sign').click();
    await page.getByText('Now the device').waitFor();
  }

  test('a click on the map chooses the place, and the cell that the public sees is drawn', async () => {
    await openPage((await newDevice()).link, DESKTOP);
    await fill({ lat: '40.4168', lon: '-3.7038' });
    await page.locator('#lon').blur();
    await page.locator('path.public-cell').waitFor({ state: 'attached' });
    await page.locator('#map').click({ position: { x: 100, y: 100 } });
    expect(Number(await page.locator('#lat').inputValue())).toBeGreaterThan(40.4168);
    expect(Number(await page.locator('#lon').inputValue())).toBeLessThan(-3.7038);
    await fill({ lat: '0', lon: '0' });
    await page.locator('#lon').blur();
    await page.getByText('which is not open yet').waitFor();
    expect(complaints).toEqual([]);
  });

  test('the keyboard alone fills the form in, and every wrong field says what is wrong', async () => {
    await openPage((await newDevice()).link, DESKTOP);
    await page.locator('#connect').waitFor();
    await page.locator('#connect').focus();
    await page.keyboard.press('Enter');
    await page.getByText(owner().address.toLowerCase()).waitFor();
    await page.locator('#sign').focus();
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('lat');
    expect(await page.getByLabel('Latitude').getAttribute('aria-invalid')).toBe('true');
    expect(await text('#lat-error')).toContain('write a number');
    expect(await text('#type-error')).toContain('model');
    await page.keyboard.type('95');
    await page.keyboard.press('Enter');
    expect(await text('#lat-error')).toBe('Write a number from -90 to 90.');
    expect(await page.locator('#outcome').isVisible()).toBe(false);
  });

  test.each([
    ['eth_requestAccounts', 4001, 'declined in the wallet', '#owner-error'],
    ['eth_requestAccounts', -32002, 'waits for an answer', '#owner-error'],
    ['wallet_switchEthereumChain', 4902, 'does not know chain', '#trouble'],
    ['eth_signTypedData_v4', 4001, 'declined in the wallet', '#trouble'],
  ])('a wallet that answers %s with %i is explained', async (method, code, words, where) => {
    chainId = 1;
    await openPage((await newDevice()).link, DESKTOP);
    refusals.set(method, code);
    await fill({ lat: '40.4168', lon: '-3.7038', type: 'own design' });
    await page.locator('#sign').click();
    await page.locator(where).getByText(words).waitFor();
    expect(await page.locator('#sign').isEnabled()).toBe(true);
  });

  test('without a wallet the page says how to get on, and a broken link says that it is broken', async () => {
    await openPage((await newDevice()).link, { ...DESKTOP, wallet: false });
    await page.locator('#connect').click();
    await page.getByText('There is no wallet in this browser').waitFor();
    // Only the fragment changes, and the page reads it anew by itself.
    await page.goto(`${network.api}/claim#device=did:key:z6Mk`);
    await page.getByText('This link is not whole').waitFor();
    expect(await page.locator('#claim').isVisible()).toBe(false);
  });

  test('the page may ask where it is, and no other page may', async () => {
    const policy = async (path: string): Promise<string | null> =>
      (await fetch(network.api + path)).headers.get('permissions-policy');
    await openPage(`${network.api}/claim`, DESKTOP);
    expect(await policy('/claim')).toBe('geolocation=(self), camera=(), microphone=()');
    expect(await policy('/')).toBe('geolocation=(), camera=(), microphone=()');
  });
});
