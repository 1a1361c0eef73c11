/** What a deploy uploads, bundled by wrangler as a deploy does. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { bundleWorkers } from '../../scripts/lib/bundle.ts';

const BUDGET_BYTES = 350 * 1024;

test('the edge Worker stays within 350 KB gzip', { timeout: 60_000 }, async () => {
  const bundles = await bundleWorkers();
  expect(gzipSync(readFileSync(bundles['isobar-edge'])).length).toBeLessThanOrEqual(BUDGET_BYTES);
});
