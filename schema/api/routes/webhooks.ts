import { z } from 'zod';
import { DeviceKey } from '../shape.ts';
import {
  DeliveriesAnswer,
  RecallMessage,
  RecallsAnswer,
  TestMessage,
  ThresholdMessage,
  WebhookCreated,
  WebhookFields,
  WebhooksAnswer,
} from '../webhooks.ts';
import { BAD_FIELDS, json, JSON_TYPE, merge, path, query, type Message, type Problems, type Route } from './route.ts';

const ID = path('id', 'The webhook.', z.string());
const WALLET: Problems = { 401: ['bad-sign-in'] };
const OWN = merge(WALLET, { 404: ['no-such-webhook'] });

export const WEBHOOKS: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/webhooks',
    id: 'postWebhook',
    group: 'Webhooks',
    says: 'Makes a webhook: a threshold, or recalls of what this wallet bought',
    detail: 'A test message follows at once; nothing else is sent until the receiver has taken it.',
    access: 'owner',
    body: { says: 'What to tell, and where.', media: { [JSON_TYPE]: WebhookFields } },
    answers: { 201: json('The one time that the secret is shown.', WebhookCreated) },
    problems: merge(WALLET, BAD_FIELDS, { 409: ['too-many-webhooks'] }),
  },
  {
    method: 'get',
    path: '/v1/webhooks',
    id: 'getWebhooks',
    group: 'Webhooks',
    says: 'The webhooks of this wallet',
    access: 'owner',
    answers: { 200: json('With their state.', WebhooksAnswer) },
    problems: WALLET,
  },
  {
    method: 'delete',
    path: '/v1/webhooks/{id}',
    id: 'deleteWebhook',
    group: 'Webhooks',
    says: 'Ends a webhook',
    access: 'owner',
    parameters: [ID],
    answers: { 204: { says: 'It is gone.', body: null } },
    problems: OWN,
  },
  {
    method: 'post',
    path: '/v1/webhooks/{id}/test',
    id: 'postWebhookTest',
    group: 'Webhooks',
    says: 'Sends a test message; wakes a paused webhook',
    access: 'owner',
    parameters: [ID],
    answers: { 202: { says: 'It is on its way.', body: null } },
    problems: OWN,
  },
  {
    method: 'get',
    path: '/v1/webhooks/{id}/deliveries',
    id: 'getDeliveries',
    group: 'Webhooks',
    says: 'The last messages and what became of them',
    access: 'owner',
    parameters: [ID],
    answers: { 200: json('Newest first.', DeliveriesAnswer) },
    problems: OWN,
  },
  {
    method: 'get',
    path: '/v1/recalls',
    id: 'getRecalls',
    group: 'Webhooks',
    says: 'Data that was found false after it had been published',
    parameters: [query('device', 'Of this device only.', DeviceKey)],
    answers: { 200: json('Newest first.', RecallsAnswer) },
    problems: { 400: ['invalid-device'] },
  },
];

/** What receivers get: Standard Webhooks. */
export const MESSAGES: readonly Message[] = [
  { name: 'webhook.test', says: 'Sent once on making, and when asked for', schema: TestMessage },
  { name: 'threshold', says: 'An hourly mean crossed the limit', schema: ThresholdMessage },
  { name: 'data.recalled', says: 'Data that this wallet bought was found false', schema: RecallMessage },
];
