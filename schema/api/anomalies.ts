/** `GET /v1/anomalies`, the paid query, as JSON. Other formats have the same columns. */
import { z } from 'zod';
import { OwnDevices, Price } from './observations.ts';
import { BadFlag, Cell, Count, DeviceKey, named, Next, QuantityCode, Time, Unit, type Shape } from './shape.ts';

export const AnomalyItem = named(
  'AnomalyItem',
  z.object({
    device: DeviceKey,
    name: z.string(),
    cell: Cell,
    quantity: QuantityCode,
    unit: Unit,
    test: z.string().describe('Stable code of the test.'),
    flag: BadFlag,
    severity: z.number().describe('Worst, in times the test’s own limit.'),
    start: Time,
    end: Time.nullable().describe('Null: goes on.'),
    measured: z.number().describe('In `unit`; hours, seconds or shares where the test measures those (see `reason`).'),
    low: z.number().nullable().describe('Band in which an honest value would lie; null: open end.'),
    high: z.number().nullable().describe('Band in which an honest value would lie; null: open end.'),
    against: z.array(z.string()).describe('Devices that it was compared with, nearest first.'),
    reason: z.string(),
  }),
);
export type AnomalyItem = Shape<typeof AnomalyItem>;

const page = { from: Time, until: Time, license: z.string(), attribution: z.array(z.string()), next: Next };

export const AnomaliesAnswer = named(
  'AnomaliesAnswer',
  z.object({ ...page, anomalies: z.array(AnomalyItem).describe('By device, then start.') }),
);
export type AnomaliesAnswer = Shape<typeof AnomaliesAnswer>;

export const AnomaliesGeojson = named(
  'AnomaliesGeojson',
  z.object({
    type: z.literal('FeatureCollection'),
    ...page,
    features: z.array(
      z.object({
        type: z.literal('Feature'),
        geometry: z.object({ type: z.literal('Point'), coordinates: z.array(z.number()).length(2) }).nullable(),
        properties: AnomalyItem,
      }),
    ),
  }),
);

/** `GET /v1/anomalies?...&dry-run=true`. The 402 carries the same facts. */
export const AnomaliesQuote = named(
  'AnomaliesQuote',
  z.object({
    from: Time,
    until: Time,
    devices: Count.describe('Of this page.'),
    format: z.string(),
    deviceDays: Count.describe('What the price is made of: one unit each.'),
    own: OwnDevices.optional(),
    isLastPage: z.boolean(),
    whole: z.object({ devices: Count, deviceDays: Count }).describe('Of the whole query, in one page or many.'),
    price: Price,
  }),
);
export type AnomaliesQuote = Shape<typeof AnomaliesQuote>;
