/** Answers and events of `/v1/stream`. Every event's `data` is one JSON object. */
import { z } from 'zod';
import { OwnDevices, Price, Question } from './observations.ts';
import { Cell, Count, DeviceKey, Flag, named, QuantityCode, Tests, Time, Unit, type Shape } from './shape.ts';

/** `POST /v1/stream` */
export const StreamFields = named(
  'StreamFields',
  z.object({
    ...Question,
    minutes: z.int().min(1).max(10_080).optional().describe('Without it: 60.'),
    'dry-run': z.boolean().optional().describe('Price only, free of charge.'),
  }),
);

export const StreamQuote = named(
  'StreamQuote',
  z.object({
    minutes: z.int(),
    devices: Count,
    quantities: z.array(z.string()),
    deviceQuantityHours: Count,
    own: OwnDevices.optional(),
    price: Price,
  }),
);
export type StreamQuote = Shape<typeof StreamQuote>;

export const StreamSold = named(
  'StreamSold',
  z.object({
    pass: z.string().describe('Whoever has it may listen: keep it.'),
    streamUrl: z.url().describe('With the pass in it: what an EventSource opens.'),
    until: Time,
    quote: StreamQuote,
  }),
);
export type StreamSold = Shape<typeof StreamSold>;

export const StreamHello = named(
  'StreamHello',
  z.object({ until: Time, regions: z.array(Cell) }).describe('`hello`: first event of every connection.'),
);
export type StreamHello = Shape<typeof StreamHello>;

export const StreamReading = named(
  'StreamReading',
  z.object({
    quantity: QuantityCode,
    time: Time,
    value: z.number().describe('In the quantity’s unit (`/v1/quantities`).'),
    flag: Flag.describe('QARTOD flag of the checks on receipt; the verdict comes when the hour closes.'),
    tests: Tests,
  }),
);
export type StreamReading = Shape<typeof StreamReading>;

export const StreamReadings = named(
  'StreamReadings',
  z
    .object({
      region: Cell,
      seq: Count.describe('Place in the region’s log.'),
      device: DeviceKey,
      received: Time,
      readings: z.array(StreamReading),
    })
    .describe('`readings`: one accepted batch, as far as it was bought.'),
);
export type StreamReadings = Shape<typeof StreamReadings>;

export const StreamGap = named(
  'StreamGap',
  z
    .object({ region: Cell, after: Count, next: Count })
    .describe('`gap`: entries after `after` and before `next` cannot be told any more.'),
);
export type StreamGap = Shape<typeof StreamGap>;

export const StreamEnd = named('StreamEnd', z.object({ until: Time }).describe('`end`: the pass is over.'));
export type StreamEnd = Shape<typeof StreamEnd>;

export const PublicStreamValues = named(
  'PublicStreamValues',
  z
    .object({
      region: Cell,
      hour: Time.describe('Start of the hour.'),
      values: z.array(
        z.object({
          device: DeviceKey,
          quantity: QuantityCode,
          unit: Unit,
          value: z.number().describe('Mean of the hour.'),
          flag: Flag,
          tests: Tests,
        }),
      ),
    })
    .describe('`values` of the stream without a pass: an hour that everybody may see.'),
);
export type PublicStreamValues = Shape<typeof PublicStreamValues>;
