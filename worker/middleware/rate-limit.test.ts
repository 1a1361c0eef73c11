import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CLAIMS } from '../registry/claim-routes.ts';
import { PAID, partitionOf, UNPAID } from './rate-limit.ts';

test('what is told is what the bindings count', () => {
  for (const [file, binding, { quota }] of [
    ['wrangler.toml', 'UNPAID_LIMIT', UNPAID],
    ['wrangler.toml', 'PAID_LIMIT', PAID],
    ['worker/registry/wrangler.toml', 'CLAIMS_LIMIT', CLAIMS],
  ] as const) {
    const config = readFileSync(file, 'utf8');
    const section = config.split('[[ratelimits]]').find((part) => part.includes(`name = "${binding}"`));
    expect(section).toContain(`simple = { limit = ${quota}, period = 60 }`);
  }
});

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::6', '2001:db8:1:2'],
  ['2001:db8::6', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
])('%s counts as %s', (address, partition) => {
  expect(partitionOf(address)).toBe(partition);
});
