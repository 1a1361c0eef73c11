import { expect, test } from 'vitest';
import { checkSettlerConfig } from './config.ts';

const GOOD = { CHAIN_ID: '10', RPC_URL: 'https://node.example/', SETTLER_PRIVATE_KEY: `0x${'11'.repeat(32)}` };

test('chain, node and key are taken as they are given', () => {
  expect(checkSettlerConfig(GOOD)).toEqual({
    ok: true,
    value: { chainId: 10, rpcUrl: GOOD.RPC_URL, privateKey: GOOD.SETTLER_PRIVATE_KEY },
  });
});

test.each([
  ['CHAIN_ID', 'ten'],
  ['CHAIN_ID', '0'],
  ['RPC_URL', 'node.example'],
  ['SETTLER_PRIVATE_KEY', undefined],
  ['SETTLER_PRIVATE_KEY', '11'.repeat(32)],
])('%s as %s is named, and its value is not told', (variable, value) => {
  const checked = checkSettlerConfig({ ...GOOD, [variable]: value });
  expect(checked).toMatchObject({ ok: false, error: { variable } });
  if (variable === 'SETTLER_PRIVATE_KEY') expect(JSON.stringify(checked)).not.toContain('1111');
});
