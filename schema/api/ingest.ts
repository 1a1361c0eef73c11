/** What a device is told: receipts of accepted batches, and what `POST /v1/check` says of any (docs/protocol.md). */
import { z } from 'zod';
import { Cell, Count, DeviceKey, BadFlag, named, QuantityCode, Time } from './shape.ts';

const RefusedReading = z.object({
  quantity: QuantityCode,
  time: Time,
  code: z.enum(['too-old', 'in-the-future', 'before-move', 'already-covered', 'conflicting-value']),
});

const ReceiptFlag = z.object({
  quantity: QuantityCode,
  time: Time,
  test: z.enum(['range', 'step', 'flat', 'time', 'consistency']),
  flag: BadFlag,
});

export const Receipt = named(
  'Receipt',
  z.object({
    receipt: z.string().describe('{cell}-{seq}: the place of the batch in the region’s log.'),
    device: DeviceKey,
    region: Cell,
    received: Time,
    readings: z.object({
      accepted: Count,
      duplicate: Count.describe('Same quantity, time and value as before: nothing counted twice.'),
      late: Count.describe('Of the accepted: after the close of their hour, never paid.'),
      refused: z.array(RefusedReading),
    }),
    flags: z.array(ReceiptFlag),
    provisional: z
      .array(
        z.object({
          quantity: QuantityCode,
          time: Time,
          test: z.enum(['neighbour', 'consistency']),
          flag: z.literal([1, 3]),
        }),
      )
      .describe(
        'Whether the newest reading lies near (1) or far from (3) the neighbors, or is at odds with another (3): hints, never scored.',
      ),
    next: z.object({ interval: z.int().describe('Seconds until the network expects the next batch.') }),
  }),
);

export const ExpiredReceipt = named('ExpiredReceipt', z.object({ receipt: z.string(), expired: z.literal(true) }));

export const CheckAnswer = named(
  'CheckAnswer',
  z.object({
    verdict: z.enum(['would-be-accepted', 'nothing-would-be-stored']),
    device: DeviceKey,
    algorithm: z.enum(['ed25519', 'ecdsa-p256-sha256']),
    nonce: z.string(),
    readings: z.object({ accepted: Count, refused: z.array(RefusedReading) }),
    flags: z.array(ReceiptFlag),
    notChecked: z.array(z.string()),
  }),
);

export const SenmlPack = named(
  'SenmlPack',
  z
    .array(
      z.looseObject({
        n: z.string().optional().describe('Name; what stands after its last : or / is the quantity.'),
        u: z.string().optional().describe('Unit.'),
        v: z.number().optional(),
        t: z.number().optional().describe('Time of measurement.'),
      }),
    )
    .describe('SenML JSON (RFC 8428).'),
);
