/** The MCP endpoint, asked by the protocol's own client, as the host of a language model does. */
import { Client, StreamableHTTPClientTransport, type CallToolResult } from '@modelcontextprotocol/client';
import type { PaymentRequired } from '@x402/core/types';
import { ExactEvmScheme } from '@x402/evm/exact/client';
import { x402Client } from '@x402/fetch';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rfc3339 } from '../../core/time.ts';
import { mintUsdc } from '../../scripts/lib/local-chain.ts';
import { type FieldDevice, MADRID, packBatch, registerField, sendBatch } from '../support/field.ts';
import { type LocalNetwork, startLocalNetwork } from '../support/local-runtime.ts';

let network: LocalNetwork;
let device: FieldDevice;
let client: Client;
let measuredMs: number;

beforeAll(async () => {
  network = await startLocalNetwork();
  const [registered] = await registerField(network.api, network.adminToken, [
    { ...MADRID, name: 'Roof', algorithm: 'ed25519', owner: `0x${'ab'.repeat(20)}`, tier: 0 },
  ]);
  if (!registered) throw new Error('a device was registered');
  device = registered;
  measuredMs = Math.floor(Date.now() / 1000) * 1000 - 2000;
  const sent = await sendBatch(
    device,
    packBatch(device, 1, [{ quantity: 'temp', unit: 'Cel', value: 15.25, measuredMs }]),
  );
  expect(sent.status).toBe('accepted');
  client = new Client({ name: 'test', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${network.api}/mcp`)));
});
afterAll(async () => {
  await client?.close();
  await network?.stop();
});

const call = (name: string, args: Record<string, unknown>, meta?: Record<string, unknown>): Promise<CallToolResult> =>
  client.callTool({ name, arguments: args, ...(meta && { _meta: meta }) });

function aroundIt(): Record<string, unknown> {
  return {
    device: [device.key.did],
    quantity: ['temp'],
    from: rfc3339(measuredMs - 40_000),
    until: rfc3339(measuredMs + 20_000),
  };
}

test('a client finds the tools described, and a sensor with them', async () => {
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toContain('get_history');
  for (const tool of tools)
    expect([tool.name, tool.description?.length ?? 0]).toEqual([tool.name, expect.toSatisfy((n: number) => n > 20)]);
  const found = await call('find_sensors', { cell: [device.cell], status: undefined });
  expect(found.structuredContent).toMatchObject({ devices: [{ device: device.key.did, name: 'Roof' }] });
  const quality = await call('sensor_quality', { device: device.key.did });
  expect(quality.structuredContent).toMatchObject({ device: device.key.did, flags: [] });
});

test('a history is priced, refused without payment, and answered for an x402 payment in the call', async () => {
  const args = aroundIt();
  const priced = await call('price_of_history', args);
  expect(priced.structuredContent).toMatchObject({ price: { usdc: '0.01' } });

  const refused = await call('get_history', args);
  expect(refused.isError).toBe(true);
  const required = refused.structuredContent as PaymentRequired;
  expect(required).toMatchObject({ x402Version: 2, accepts: [{ network: 'eip155:10', amount: '10000' }] });

  const account = privateKeyToAccount(generatePrivateKey());
  await mintUsdc(network.chain, network.accounts, network.contracts, account.address, 1_000_000n);
  const wallet = new x402Client().register('eip155:*', new ExactEvmScheme(account)).setSpendControls({
    allowedAssets: [{ network: 'eip155:10', asset: network.contracts.usdc, maxAmountPerPayment: '1000000' }],
  });
  const paid = await call('get_history', args, { 'x402/payment': await wallet.createPaymentPayload(required) });
  expect(paid.isError).toBeFalsy();
  expect(paid.structuredContent).toMatchObject({
    observations: [{ device: device.key.did, quantity: 'temp', value: 15.25 }],
  });
  expect(paid._meta?.['x402/payment-response']).toMatchObject({ success: true, amount: '10000' });
});

test.each([
  ['get_history', { from: 'yesterday', until: 'today', device: ['did:key:zabc'] }],
  ['sensor_quality', {}],
  ['find_sensors', { near: 'Madrid' }],
  ['latest_values', { quantity: ['smell'] }],
])('%s answers wrong arguments with words, not with a failure of the protocol: %j', async (name, args) => {
  const result = await call(name, args);
  expect(result.isError).toBe(true);
  expect(result.content[0]).toMatchObject({ type: 'text', text: expect.stringMatching(/\w+/) });
});
