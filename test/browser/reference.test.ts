/** `/docs/api/` in a real browser: it draws the document under the page's own content policy, asks nobody else, and fits. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROUTES, STATIC_ROUTES } from '../../schema/api/routes/all.ts';
import { MESSAGES } from '../../schema/api/routes/webhooks.ts';
import { busyNetwork } from './fixtures/answers.ts';
import { startFixtureServer, type FixtureServer } from './fixtures/server.ts';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

describe.skipIf(!existsSync(CHROMIUM))(
  `the reference page in a browser (needs ${CHROMIUM})`,
  { timeout: 60_000 },
  () => {
    const dist = mkdtempSync(join(tmpdir(), 'isobar-reference-'));
    let server: FixtureServer;
    let browser: Browser;

    beforeAll(async () => {
      const root = join(import.meta.dirname, '..', '..');
      execFileSync(process.execPath, ['scripts/build-web.ts', '--out', dist], { cwd: root });
      server = await startFixtureServer(dist, busyNetwork(Date.now()));
      browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    }, 60_000);
    afterAll(async () => {
      await browser.close();
      await server.stop();
      rmSync(dist, { recursive: true });
    });

    type Visit = { readonly page: Page; readonly complaints: readonly string[]; readonly asked: readonly string[] };

    async function visit(width: number, path = 'docs/api/'): Promise<Visit> {
      const context = await browser.newContext({ viewport: { width, height: 900 }, reducedMotion: 'reduce' });
      const page = await context.newPage();
      const complaints: string[] = [];
      const asked: string[] = [];
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text());
      });
      page.on('request', (request) => asked.push(new URL(request.url()).origin));
      await page.goto(server.url + path);
      if (path.startsWith('docs')) await page.locator('.opblock').first().waitFor();
      return { page, complaints, asked };
    }

    test('shows every route and message, asks nobody but this host, and keeps to the content policy', async () => {
      const { page, complaints, asked } = await visit(1280);
      expect(await page.locator('.opblock').count()).toBe(ROUTES.length + STATIC_ROUTES.length + MESSAGES.length);
      expect(complaints).toEqual([]);
      expect([...new Set(asked)]).toEqual([new URL(server.url).origin]);
      await page.context().close();
    });

    test('opens a route from the keyboard, down to the refusals and how it is paid', async () => {
      const { page, complaints } = await visit(1280);
      const summary = page.locator('#operations-Paid-getObservations .opblock-summary-control');
      await summary.focus();
      await page.keyboard.press('Enter');
      const block = page.locator('#operations-Paid-getObservations');
      await block.locator('.responses-table').waitFor();
      expect(await summary.getAttribute('aria-expanded')).toBe('true');
      const text = await block.innerText();
      expect(text).toContain('dry-run');
      expect(text).toContain('payment-required');
      expect(text).toContain('PAYMENT-REQUIRED');
      const outline = 'getComputedStyle(document.activeElement).outlineStyle';
      expect(await page.evaluate(outline)).toBe('solid');
      expect(complaints).toEqual([]);
      await page.context().close();
    });

    test('is tried from the page itself', async () => {
      const { page, complaints } = await visit(1280);
      await page.locator('#operations-Network-getQuantities .opblock-summary-control').click();
      const block = page.locator('#operations-Network-getQuantities');
      await block.getByRole('button', { name: 'Try it out' }).click();
      await block.getByRole('button', { name: 'Execute' }).click();
      await block.locator('.live-responses-table .response-col_status').getByText('200').waitFor();
      expect(await block.locator('.live-responses-table').innerText()).toContain('PM2.5');
      expect(complaints).toEqual([]);
      await page.context().close();
    });

    test.each([390, 320])('fits a screen %i px wide without sideways scrolling, with a route opened', async (width) => {
      const { page } = await visit(width);
      await page.locator('#operations-Devices-getLatest .opblock-summary-control').click();
      await page.locator('#operations-Devices-getLatest .responses-table').waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      await page.context().close();
    });

    test('the page of the network leads to it', async () => {
      const { page } = await visit(1280, '');
      await page.locator('#facts').getByRole('link', { name: 'API', exact: true }).click();
      await page.locator('.opblock').first().waitFor();
      expect(new URL(page.url()).pathname).toBe('/docs/api/');
      await page.context().close();
    });
  },
);
