import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { foldEncodedLog } from '../support/encoded-log.ts';

test('workerd folds the measured month to the same bytes as Node', () => {
  expect(foldEncodedLog(env.DATA_SET_LOG)).toBe(env.NODE_DATA_SET_HASH);
}, 600_000);
