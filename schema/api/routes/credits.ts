import { z } from 'zod';
import {
  ApiKey,
  CreditsAnswer,
  KeyFields,
  KeysAnswer,
  NewKeyAnswer,
  TopUpAnswer,
  TopUpFields,
  UsageAnswer,
} from '../credits.ts';
import { BAD_FIELDS, json, JSON_TYPE, merge, path, query, type Problems, type Route } from './route.ts';

const WALLET: Problems = { 401: ['bad-sign-in'], 503: ['account-unavailable'] };
const KEY: Problems = { 401: ['unknown-key', 'key-revoked', 'key-expired'] };
const CHANGE: Problems = merge(WALLET, { 401: ['sign-in-used'], 409: ['no-account'] });
const day = (name: string, says: string) => query(name, says, z.string(), { example: '2026-11-23' });

export const CREDITS: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/credits/top-ups',
    id: 'postTopUp',
    group: 'Credits',
    says: 'Buys credits with x402, and makes a first key',
    detail:
      'The account belongs to the wallet that pays. The same payment again brings the same answer, with the same key.',
    access: 'x402',
    body: { says: 'How much, and which key.', media: { [JSON_TYPE]: TopUpFields } },
    answers: { 200: json('Credited.', TopUpAnswer, ['PAYMENT-RESPONSE']) },
    problems: BAD_FIELDS,
  },
  {
    method: 'get',
    path: '/v1/credits',
    id: 'getCredits',
    group: 'Credits',
    says: 'The balance',
    access: 'account',
    answers: { 200: json('As it stands.', CreditsAnswer) },
    problems: merge(WALLET, KEY),
  },
  {
    method: 'get',
    path: '/v1/credits/usage',
    id: 'getCreditsUsage',
    group: 'Credits',
    says: 'What was spent, by day and key',
    detail: 'A key sees its own spending, the wallet that of all.',
    access: 'account',
    parameters: [
      day('from', 'First day; without it 31 days before `until`.'),
      day('until', 'Day after the last; without it tomorrow.'),
      query('cursor', 'From `Link: rel=next` of the page before.', z.string()),
    ],
    answers: { 200: json('Oldest first.', UsageAnswer, ['Link']) },
    problems: merge(WALLET, KEY, { 400: ['bad-query'] }),
  },
  {
    method: 'get',
    path: '/v1/credits/keys',
    id: 'getKeys',
    group: 'Credits',
    says: 'The keys of the account',
    access: 'owner',
    answers: { 200: json('Without their secrets.', KeysAnswer) },
    problems: WALLET,
  },
  {
    method: 'post',
    path: '/v1/credits/keys',
    id: 'postKey',
    group: 'Credits',
    says: 'Makes a key',
    access: 'owner',
    body: { says: 'What it may do.', media: { [JSON_TYPE]: KeyFields } },
    answers: { 201: json('The one time that the secret is shown.', NewKeyAnswer) },
    problems: merge(CHANGE, BAD_FIELDS, { 409: ['too-many-keys'] }),
  },
  {
    method: 'delete',
    path: '/v1/credits/keys/{id}',
    id: 'deleteKey',
    group: 'Credits',
    says: 'Revokes a key',
    access: 'owner',
    parameters: [path('id', 'The key.', z.string())],
    answers: { 200: json('The key, revoked.', ApiKey) },
    problems: merge(CHANGE, { 404: ['no-such-key'] }),
  },
];
