import { z } from 'zod';
import { ProofFile, ProofQuote } from '../proofs.ts';
import { DeviceKey, QuantityCode, Time } from '../shape.ts';
import { BAD_PARAMETERS, IDEMPOTENCY_KEY, JSON_TYPE, query, SOLD_HEADERS, type Route } from './route.ts';

export const PROOFS: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/proofs',
    id: 'getProof',
    group: 'Paid',
    says: 'A reading with its evidence, up to the root on the chain',
    detail: 'Checked offline: docs/proofs.md. Before the root is on the chain nothing is sold.',
    access: 'payment',
    parameters: [
      query('device', 'The device.', DeviceKey, { required: true }),
      query('quantity', 'A code of /v1/quantities.', QuantityCode, { required: true }),
      query('t', 'Time of one reading; either this or `start`.', Time),
      query('start', 'Start of an hour: all its readings.', Time),
      query('dry-run', 'Price and size only, free of charge.', z.enum(['true', 'false']).default('false')),
      IDEMPOTENCY_KEY,
    ],
    answers: {
      200: {
        says: 'The proof; with `dry-run=true` the quote.',
        body: { 'application/vnd.isobar.proof+json': ProofFile, [JSON_TYPE]: ProofQuote },
        headers: SOLD_HEADERS,
      },
    },
    problems: {
      400: [...BAD_PARAMETERS, 'missing-parameter', 'one-of'],
      404: ['no-such-device', 'no-such-reading'],
      409: ['device-not-sold', 'proof-pending', 'epoch-revoked'],
      422: ['proof-too-large'],
      429: ['quota-exceeded'],
      503: ['proof-unavailable', 'region-unavailable'],
    },
  },
];
