import { expect, test } from 'vitest';
import { MAIN_RULES } from '../../core/rules/main.ts';
import type { EdgeConfig } from '../env.ts';
import { isOffer, makeRequirements, OFFER_SECONDS } from './offer.ts';

const CONFIG: EdgeConfig = {
  rules: MAIN_RULES,
  ruleSetHash: '',
  chain: { chainId: 10, rpcUrl: '', token: '0x01', distributor: '0xd1', usdc: '0xc0' },
  authorities: new Set(),
  ingestTagKey: 'test-only-ingest-tag-key',
  adminToken: '',
};
const NOW = 1_800_000_000_000;
const SALE = { query: 'q1', amount: 10_000n };

test('an offer is kept for its time, and no longer', async () => {
  const offered = await makeRequirements(SALE, CONFIG, NOW);
  expect(await isOffer(offered, 'q1', CONFIG, NOW + OFFER_SECONDS * 1000 - 1)).toBe(true);
  expect(await isOffer(offered, 'q1', CONFIG, NOW + OFFER_SECONDS * 1000)).toBe(false);
});

test('an offer of a longer life, a lower price, another query or another network is none', async () => {
  const offered = await makeRequirements(SALE, CONFIG, NOW);
  const [expires, salt, mac] = String(offered.extra['offer']).split('.');
  const longer = { ...offered, extra: { ...offered.extra, offer: `${Number(expires) + 1}.${salt}.${mac}` } };
  expect(await isOffer(longer, 'q1', CONFIG, NOW)).toBe(false);
  expect(await isOffer({ ...offered, amount: '1' }, 'q1', CONFIG, NOW)).toBe(false);
  expect(await isOffer(offered, 'q2', CONFIG, NOW)).toBe(false);
  expect(await isOffer(offered, 'q1', { ...CONFIG, ingestTagKey: 'another-ingest-tag-key' }, NOW)).toBe(false);
});
