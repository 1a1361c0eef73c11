import {
  decodePaymentRequiredHeader,
  decodePaymentResponseHeader,
  encodePaymentSignatureHeader,
} from '@x402/core/http';
import { expect, test } from 'vitest';
import { encodeWire, readPayment } from './x402-wire.ts';

const ACCEPTED = {
  scheme: 'exact',
  network: 'eip155:10' as const,
  asset: `0x${'aa'.repeat(20)}`,
  amount: '10000',
  payTo: `0x${'bb'.repeat(20)}`,
  maxTimeoutSeconds: 300,
  extra: { name: 'USD Coin', version: '2' },
};
const AUTHORIZATION = {
  from: `0x${'CC'.repeat(20)}`,
  to: `0x${'bb'.repeat(20)}`,
  value: '10000',
  validAfter: '1',
  validBefore: '2000',
  nonce: `0x${'DD'.repeat(32)}`,
};
const PAYMENT = { x402Version: 2, accepted: ACCEPTED, payload: { signature: '0x1234', authorization: AUTHORIZATION } };

test('x402 reads what we write', () => {
  const required = { x402Version: 2, error: 'précis', resource: { url: 'https://a.example/' }, accepts: [ACCEPTED] };
  expect(decodePaymentRequiredHeader(encodeWire(required))).toEqual(required);
  const receipt = { success: true, transaction: '0x12', network: 'eip155:10', payer: '0x34' };
  expect(decodePaymentResponseHeader(encodeWire(receipt))).toEqual(receipt);
});

test('we read what x402 writes, addresses and nonce in lower case', () => {
  const read = readPayment(encodePaymentSignatureHeader(PAYMENT));
  expect(read).toMatchObject({
    ok: true,
    value: {
      payer: `0x${'cc'.repeat(20)}`,
      nonce: `0x${'dd'.repeat(32)}`,
      validBeforeSeconds: 2000,
      accepted: ACCEPTED,
    },
  });
});

test.each([
  ['%%%', 'not base64'],
  [btoa('nope'), 'not a JSON object'],
  [encodeWire({ ...PAYMENT, x402Version: 1 }), 'x402Version'],
  [encodeWire({ ...PAYMENT, accepted: undefined }), 'accepted'],
  [encodeWire({ ...PAYMENT, accepted: { ...ACCEPTED, amount: 10_000 } }), 'accepted'],
  [encodeWire({ ...PAYMENT, payload: { authorization: AUTHORIZATION } }), 'signature'],
  [encodeWire({ ...PAYMENT, payload: { signature: '0x12' } }), 'EIP-3009'],
  [
    encodeWire({ ...PAYMENT, payload: { signature: '0x12', authorization: { ...AUTHORIZATION, nonce: '0x1' } } }),
    'nonce',
  ],
  [
    encodeWire({ ...PAYMENT, payload: { signature: '0x12', authorization: { ...AUTHORIZATION, value: '-1' } } }),
    'decimal',
  ],
  ['A'.repeat(9000), 'longer than'],
])('%.40s is malformed', (header, detail) => {
  const read = readPayment(header);
  expect(read.ok ? '' : read.error.detail).toContain(detail);
});
