/** What a deploy uploads, bundled by wrangler as a deploy does. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { TAGS } from '../../schema/api/routes/route.ts';
import { bundleWorkers } from '../../scripts/lib/bundle.ts';

const BUDGET_BYTES = 350 * 1024;

test('the edge Worker stays within 350 KB gzip', { timeout: 60_000 }, async () => {
  const bundles = await bundleWorkers();
  expect(gzipSync(readFileSync(bundles['isobar-edge'])).length).toBeLessThanOrEqual(BUDGET_BYTES);
});

test('only the settler Worker has code that asks for the settler key', { timeout: 60_000 }, async () => {
  const bundles = Object.entries(await bundleWorkers());
  const having = bundles.filter(([, script]) => readFileSync(script, 'utf8').includes('SETTLER_PRIVATE_KEY'));
  expect(having.map(([name]) => name)).toEqual(['isobar-settler']);
});

test(
  'the shapes of the API are types there: no zod and no description of a route is uploaded',
  { timeout: 60_000 },
  async () => {
    const code = readFileSync((await bundleWorkers())['isobar-edge'], 'utf8');
    // Every schema of zod 4 has its inner part under this name; the others are texts of schema/api/routes.
    const marks = ['_zod', ...Object.values(TAGS)];
    expect(marks.filter((mark) => code.includes(mark))).toEqual([]);
  },
);
