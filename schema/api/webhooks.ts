/** `/v1/webhooks`, `/v1/recalls`, and the messages that receivers get. */
import { z } from 'zod';
import { BadFlag, Cell, Count, DeviceKey, named, QuantityCode, Time, Unit, type Shape } from './shape.ts';

const Limit = z.number().describe('In the quantity’s unit; an hourly mean beyond it, not at it, crosses.');
const target = { url: z.url().describe('https, port 443 or 8443.') };
const threshold = {
  quantity: QuantityCode,
  above: Limit.optional(),
  below: Limit.optional(),
  cell: Cell.optional(),
  devices: z.array(DeviceKey).optional(),
};

/** `POST /v1/webhooks` */
export const WebhookFields = named(
  'WebhookFields',
  z.union([
    z
      .object({ ...target, on: z.literal('threshold'), ...threshold })
      .describe('Either `above` or `below`, either `cell` or `devices`.'),
    z.object({ ...target, on: z.literal('recall') }).describe('Of what this wallet bought.'),
  ]),
);

export const WebhookAnswer = named(
  'WebhookAnswer',
  z.object({
    id: z.string(),
    url: z.url(),
    on: z.enum(['threshold', 'recall']),
    quantity: QuantityCode.optional().describe('Of a threshold, as are the next members.'),
    above: Limit.optional(),
    below: Limit.optional(),
    cell: Cell.optional(),
    devices: z.array(DeviceKey).optional(),
    state: z
      .enum(['unconfirmed', 'active', 'paused'])
      .describe('unconfirmed until the receiver has taken the test message; paused after days of failures or a 410.'),
    created: Time,
  }),
);
export type WebhookAnswer = Shape<typeof WebhookAnswer>;

export const WebhookCreated = named(
  'WebhookCreated',
  WebhookAnswer.extend({
    secret: z.string().describe('Signs the messages (Standard Webhooks, `whsec_` and base64). Shown this one time.'),
  }),
);
export type WebhookCreated = Shape<typeof WebhookCreated>;

export const WebhooksAnswer = named('WebhooksAnswer', z.object({ webhooks: z.array(WebhookAnswer) }));
export type WebhooksAnswer = Shape<typeof WebhooksAnswer>;

export const DeliveriesAnswer = named(
  'DeliveriesAnswer',
  z.object({
    deliveries: z.array(
      z.object({
        id: z.string(),
        type: z.string(),
        created: Time,
        attempts: Count,
        state: z.enum(['waiting', 'delivered', 'failed']),
        status: z.int().nullable().describe('HTTP status of the last attempt; null: none yet, or no answer.'),
        next: Time.nullable(),
      }),
    ),
  }),
);
export type DeliveriesAnswer = Shape<typeof DeliveriesAnswer>;

export const TestMessage = named(
  'TestMessage',
  z.object({ type: z.literal('webhook.test'), timestamp: Time, data: z.object({ webhook: z.string() }) }),
);
export type TestMessage = Shape<typeof TestMessage>;

export const ThresholdMessage = named(
  'ThresholdMessage',
  z
    .object({
      type: z.enum(['threshold.raised', 'threshold.cleared']),
      timestamp: Time.describe('End of the hour.'),
      data: z.object({
        webhook: z.string(),
        quantity: QuantityCode,
        unit: Unit,
        above: Limit.optional(),
        below: Limit.optional(),
        start: Time,
        devices: z.array(z.object({ device: DeviceKey, value: z.number() })),
      }),
    })
    .describe('One message an hour: the devices whose hourly mean crossed the limit in it.'),
);
export type ThresholdMessage = Shape<typeof ThresholdMessage>;

const facts = {
  id: z.string(),
  device: DeviceKey,
  quantities: z.array(QuantityCode).nullable().describe('Null: all.'),
  from: Time,
  until: Time,
};
export const RecallFacts = named('RecallFacts', z.object(facts));
export type RecallFacts = Shape<typeof RecallFacts>;

export const RecallMessage = named(
  'RecallMessage',
  z.object({
    type: z.literal('data.recalled'),
    timestamp: Time,
    data: z.object({
      webhook: z.string(),
      sale: z.string().describe('`x402:{payer}:{nonce}` or `credit:{account}:{n}`.'),
      reason: z.string(),
      recall: RecallFacts.nullable().describe(
        'What was recalled by an operator; null: the verdict on hours that were sold before it was known.',
      ),
      hours: z.array(z.object({ device: DeviceKey, quantity: QuantityCode, start: Time, flag: BadFlag })),
    }),
  }),
);
export type RecallMessage = Shape<typeof RecallMessage>;

export const RecallItem = named('RecallItem', z.object({ ...facts, reason: z.string(), created: Time }));
export type RecallItem = Shape<typeof RecallItem>;

export const RecallsAnswer = named(
  'RecallsAnswer',
  z.object({ recalls: z.array(RecallItem).describe('Newest first, 500 at most.') }),
);
export type RecallsAnswer = Shape<typeof RecallsAnswer>;
