/**
 * The page in a real browser, on fixture answers: what it shows, that it survives hostile names and lost connections, and
 * that keyboard and phone work. The real server is behind it in test/e2e.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { busyNetwork, newbornNetwork } from './fixtures/answers.ts';
import { startFixtureServer, type FixtureServer } from './fixtures/server.ts';

const CHROMIUM = '/usr/bin/chromium';
const ROOT = join(import.meta.dirname, '..', '..');
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** A poll of the local network comes every 4 s; a lost one is repeated after at most 12. */
const PATIENCE_MS = 15_000;

describe.skipIf(!existsSync(CHROMIUM))(`the page in a browser (needs ${CHROMIUM})`, { timeout: 40_000 }, () => {
  const dist = mkdtempSync(join(tmpdir(), 'isobar-web-'));
  let server: FixtureServer;
  let browser: Browser;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    execFileSync(process.execPath, ['scripts/build-web.ts', '--out', dist], { cwd: ROOT });
    server = await startFixtureServer(dist, busyNetwork(Date.now()));
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await server.stop();
    rmSync(dist, { recursive: true });
  });

  beforeEach(async () => {
    server.answers = busyNetwork(Date.now());
    await openPage(1440, 900);
  });

  afterEach(async () => {
    await page.context().close();
  });

  async function openPage(width: number, height: number): Promise<void> {
    const context = await browser.newContext({
      viewport: { width, height },
      locale: 'en-GB',
      timezoneId: 'UTC',
      reducedMotion: 'reduce',
    });
    page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    complaints = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
  }

  const open = (fragment = ''): Promise<unknown> => page.goto(server.url + fragment);
  const text = (selector: string): Promise<string> => page.locator(selector).innerText();
  const rows = () => page.locator('table.stations tbody tr');

  test('shows the network, its stations, flags and epochs, and keeps to its content policy', async () => {
    await open();
    await rows().first().waitFor();
    await page.locator('path.land').waitFor({ state: 'attached' });
    expect(await rows().count()).toBe(14);
    expect(await text('#stats')).toContain('an hour lasts 20 s and an epoch 8 min');
    expect(await text('#panel')).toContain('Rose from 11.2 to 412.5 µg/m³ within one hour');
    expect(await text('#panel')).toContain('Restart the sensor');
    expect(await page.locator('.leaflet-marker-icon.pin-box').count()).toBe(22);
    expect(await text('table.epochs tbody')).toContain('committing');
    expect(complaints).toEqual([]);
  });

  test('hears of a flag as its hour closes, and goes on by polling when the stream drops', async () => {
    await open();
    await rows().first().waitFor();
    const [region] = server.answers?.regions ?? [];
    const station = region?.stations[2];
    if (region === undefined || station === undefined) throw new Error('the fixture has no station');
    const event = {
      change: 'begin',
      device: station.device,
      name: station.name,
      quantity: 'no2',
      test: 'replay',
    } as const;
    const start = new Date().toISOString();
    const { cell, devices, batches, readings } = region;
    const counts = { cell, closedUntil: start, devices, batches, readings, openFlags: 3 };
    server.tell({ type: 'closed', ...counts, events: [{ ...event, flag: 4, severity: 1.3, start, end: null }] });
    const line = page.getByText(`Just flagged: ${station.name}, Nitrogen dioxide, replayed.`);
    await line.waitFor();
    server.drop();
    const before = await text('.live-time');
    await page.locator('.live-time').filter({ hasNotText: before }).waitFor();
    expect(await text('#live')).toContain('Live');
  });

  test('explains a score by its parts and a flag by the stations it was compared with', async () => {
    const [region, ...others] = server.answers?.regions ?? [];
    const station = region?.stations.find(({ name }) => name === 'Villaverde');
    const other = region?.stations[0];
    if (region === undefined || station === undefined || other === undefined || server.answers === null)
      throw new Error('the fixture has no station');
    const against = [{ device: other.device, name: other.name }];
    server.answers.regions = [{ ...region, flags: region.flags.map((flag) => ({ ...flag, against })) }, ...others];
    await open(`#station/${station.device}`);
    await page.getByText('Compared with').first().waitFor();
    const panel = await text('#panel');
    expect(panel).toContain(`Compared with ${other.name}.`);
    expect(panel).toContain('× reliability 100.0 %');
    expect(panel).toMatch(/stuck −\d+\.\d %/);
    expect(panel).toContain('does not earn');
  });

  test('opens an epoch from the keyboard to its transactions, the command that checks it, and its payouts', async () => {
    await open();
    const final = server.answers?.epochs.find((epoch) => epoch.state === 'final');
    if (final === undefined) throw new Error('the fixture has no final epoch');
    const button = page.locator(`#epoch-${final.epoch}`);
    await button.focus();
    await page.keyboard.press('Enter');
    await page.locator('.payout').first().waitFor();
    expect(await button.getAttribute('aria-expanded')).toBe('true');
    const detail = await text('.epoch-detail');
    expect(detail).toContain(final.commitTransaction);
    expect(detail).toContain(final.mintTransactions[0]);
    expect(detail).toContain(`npm run verify:epoch -- --epoch ${final.epoch}`);
    expect(await page.locator('.payout').count()).toBe(final.payouts.length);
    expect(await page.locator('.shares tbody tr').count()).toBe(
      final.payouts.flatMap((payout) => payout.shares).length,
    );
  });

  test('chooses a station on the map from the keyboard, and its link leads a stranger to the same view', async () => {
    await open();
    const mark = page.getByRole('button', { name: 'Escuelas Aguirre: Failing' });
    await mark.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Escuelas Aguirre' }).waitFor();
    expect(await page.evaluate('document.activeElement.id')).toBe('panel-title');
    const link = page.url();
    expect(link).toMatch(/#station\/did:key:z/);
    await page.goto('about:blank');
    await page.goto(link);
    await page.getByRole('heading', { name: 'Escuelas Aguirre' }).waitFor();
  });

  test('sorts stations by score and says so to a screen reader', async () => {
    await open();
    await page.getByRole('button', { name: 'Score' }).click();
    await page.getByRole('button', { name: 'Score' }).click();
    expect(await page.locator('th[aria-sort]').getAttribute('aria-sort')).toBe('descending');
    const best = server.answers?.regions[0]?.stations.toSorted((a, b) => (b.scoreBps ?? -1) - (a.scoreBps ?? -1))[0];
    expect(await rows().first().innerText()).toContain(best?.name);
  });

  test('treats names, reasons and alarms from devices as text, never as markup', async () => {
    const attack = '<img src=x onerror="document.title=1"><b>bold</b>';
    const answers = busyNetwork(Date.now());
    server.answers = {
      ...answers,
      status: {
        ...answers.status,
        minter: { ...answers.status.minter, alarms: [attack], waiting: `It waits. ${attack}` },
      },
      regions: answers.regions.map((region) => ({
        ...region,
        name: attack,
        stations: region.stations.map((station) => ({ ...station, name: attack })),
        flags: region.flags.map((flag) => ({ ...flag, name: attack, reason: attack, remedy: attack, test: attack })),
      })),
    };
    await open();
    await rows().first().waitFor();
    await page.locator('.leaflet-marker-icon.pin-box').first().hover();
    expect(await rows().first().innerText()).toContain('<b>bold</b>');
    expect(await text('#notice')).toContain('<b>bold</b>');
    expect(await text('#notice')).toContain('Payouts wait: It waits.');
    expect(await page.locator('img[src="x"], b').count()).toBe(0);
    expect(await page.title()).toContain('Isobar');
    expect(complaints).toEqual([]);
  });

  test.each([390, 320])('fits a screen %i px wide without sideways scrolling, with an epoch opened', async (width) => {
    await page.context().close();
    await openPage(width, 844);
    await open(`#epoch/${server.answers?.epochs[5]?.epoch}`);
    await page.locator('.payout').first().waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    const cut =
      '[...document.querySelectorAll("main *:not(.leaflet-container *):not(.sr-only)")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 120))';
    expect(await page.evaluate(cut)).toEqual([]);
  });

  test('says what will come when there is no region and no epoch yet', async () => {
    server.answers = newbornNetwork(Date.now());
    await open();
    await page.getByText('No regions yet').waitFor();
    expect(await text('#stations-section')).toContain('No stations yet');
    expect(await text('#epochs-section')).toContain('The first epoch closes when');
  });

  test('says that a region waits for its first closed hour', async () => {
    const answers = busyNetwork(Date.now());
    server.answers = {
      ...answers,
      regions: answers.regions.map((region) => ({
        ...region,
        closedUntil: null,
        flags: [],
        stations: region.stations.map((station) => ({ ...station, latest: [], scoreBps: null })),
      })),
      epochs: [],
    };
    await open();
    await page.getByText('The first hour is not closed yet').waitFor();
    expect(await rows().first().innerText()).toContain('No data yet');
  });

  test('keeps the last answer on screen while the connection is lost, and recovers by itself', async () => {
    await open();
    await rows().first().waitFor();
    server.answers = null;
    await page.locator('#notice strong', { hasText: 'Connection lost, retrying' }).waitFor();
    expect(await rows().count()).toBe(14);
    expect(await text('#announcer')).toBe('Connection lost, retrying.');
    server.answers = busyNetwork(Date.now());
    await page.getByRole('button', { name: 'Retry now' }).click();
    await page.locator('#notice strong', { hasText: 'Connection lost, retrying' }).waitFor({ state: 'detached' });
    expect(await text('#live')).toContain('Live');
  });

  test('a poll changes values in place: the same elements, the focus where it was', async () => {
    await open();
    await rows().first().waitFor();
    const link = page.getByRole('link', { name: 'Casa de Campo' });
    await link.focus();
    await page.evaluate('document.activeElement.marked = true');
    const later = busyNetwork(Date.now() + 60_000);
    const before = await rows().allInnerTexts();
    server.answers = { ...later, status: { ...later.status, devices: 23 } };
    await page.locator('#stats .tile-value').filter({ hasText: /^23$/ }).waitFor();
    expect(await rows().allInnerTexts()).not.toEqual(before);
    expect(await page.evaluate('document.activeElement.marked === true && document.activeElement.isConnected')).toBe(
      true,
    );
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Casa de Campo');
  });
});
