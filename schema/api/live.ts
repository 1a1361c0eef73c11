/**
 * Messages of `GET /v1/regions/{cell}/live`: a WebSocket that only speaks, one JSON text a message. Counts and flags, never
 * a value: those are public after the publication delay and stand at `/v1/regions/{cell}`.
 */
import { z } from 'zod';
import { BadFlag, Cell, Count, DeviceKey, named, QuantityCode, Time, type Shape } from './shape.ts';

export const LiveEvent = named(
  'LiveEvent',
  z.object({
    change: z.enum(['begin', 'worsen', 'end']),
    device: DeviceKey,
    name: z.string(),
    quantity: QuantityCode,
    test: z.string().describe('Stable code of the test.'),
    flag: BadFlag,
    severity: z.number().describe('Worst so far, in times the test’s own limit.'),
    start: Time,
    end: Time.nullable(),
  }),
);
export type LiveEvent = Shape<typeof LiveEvent>;

export const LiveMessage = named(
  'LiveMessage',
  z.object({
    type: z
      .enum(['hello', 'closed'])
      .describe('hello on connecting; closed each time that hours got their final verdicts.'),
    cell: Cell,
    closedUntil: Time.nullable().describe('End of the last hour with final verdicts; null before the first.'),
    devices: Count,
    batches: Count,
    readings: Count,
    openFlags: Count.describe('Anomaly events that go on.'),
    events: z.array(LiveEvent).describe('What changed with this close, at most 200; empty in hello.'),
  }),
);
export type LiveMessage = Shape<typeof LiveMessage>;
