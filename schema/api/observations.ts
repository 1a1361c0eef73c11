/** `GET /v1/observations`, the paid query, as JSON. Other formats have the same columns. */
import { z } from 'zod';
import {
  Address,
  Amount,
  Count,
  DeviceKey,
  Flag,
  named,
  Next,
  QuantityCode,
  Tests,
  Time,
  Unit,
  type Shape,
} from './shape.ts';

const Resolution = z.enum(['raw', 'hour', 'day']);

export const ObservationItem = named(
  'ObservationItem',
  z.object({
    device: DeviceKey,
    quantity: z.string().describe('Code of a quantity or an index.'),
    series: z.enum(['raw', 'corrected', 'index']),
    unit: Unit,
    start: Time,
    value: z.number(),
    count: Count.describe('Readings behind the value; of an index: good hours behind it.'),
    flag: Flag,
    tests: Tests,
    final: z.boolean(),
    hours: Count.nullable()
      .optional()
      .describe('With `resolution=day`: good hours of the day; null in rows of an index.'),
    coverage: z.number().nullable().optional().describe('With `resolution=day`: their share of all hours.'),
    category: z.string().nullable().optional().describe('With `index=`; null in other rows.'),
    pollutant: z.string().nullable().optional().describe('With `index=`; null in other rows.'),
    end: Time.nullable().optional().describe('With `fields=` only. A raw reading has no end.'),
    name: z.string().optional(),
    cell: z.string().optional(),
    latitude: z.number().optional(),
    longitude: z.number().optional(),
  }),
);
export type ObservationItem = Shape<typeof ObservationItem>;

const page = {
  from: Time,
  until: Time,
  resolution: Resolution,
  units: z.record(z.string(), z.string()).describe('By code of quantity or index; 1: a plain number.'),
  methods: z.record(z.string(), z.string()).optional().describe('How each derived series was made.'),
  license: z.string(),
  attribution: z.array(z.string()),
  next: Next,
};

export const ObservationsAnswer = named(
  'ObservationsAnswer',
  z.object({ ...page, observations: z.array(ObservationItem) }),
);
export type ObservationsAnswer = Shape<typeof ObservationsAnswer>;

/** With `fields=`: rows have those members only. */
export const ObservationsSelection = named(
  'ObservationsSelection',
  z.object({ ...page, observations: z.array(ObservationItem.partial()) }),
);

export const ObservationsGeojson = named(
  'ObservationsGeojson',
  z.object({
    type: z.literal('FeatureCollection'),
    ...page,
    features: z.array(
      z.object({
        type: z.literal('Feature'),
        geometry: z.object({ type: z.literal('Point'), coordinates: z.array(z.number()).length(2) }).nullable(),
        properties: ObservationItem.partial(),
      }),
    ),
  }),
);

export const OwnDevices = named(
  'OwnDevices',
  z
    .object({ devices: Count, notOwn: z.array(DeviceKey) })
    .describe('Of a request signed by a wallet: how many devices are its own and free, and which are not.'),
);
export type OwnDevices = Shape<typeof OwnDevices>;

export const Price = named(
  'Price',
  z.object({
    amount: Amount.describe('USDC base units.'),
    usdc: z.string(),
    asset: Address,
    network: z.string().describe('CAIP-2.'),
    payTo: Address,
  }),
);
export type Price = Shape<typeof Price>;

/** Whose data, of what: as it stands in a body. In an address lists are texts with commas. */
export const Question = {
  device: z.array(DeviceKey).optional().describe('Devices; or an area by `cell` or `bbox`, exactly one of the three.'),
  cell: z.array(z.string()).optional().describe('H3 cells of resolution 3 to 7.'),
  bbox: z
    .array(z.number())
    .length(4)
    .optional()
    .describe('west, south, east, north in degrees; across the antimeridian west is greater than east.'),
  quantity: z.array(QuantityCode).optional(),
};

/** `GET /v1/observations?...&dry-run=true`: price and size, free of charge. The 402 carries the same facts. */
export const ObservationsQuote = named(
  'ObservationsQuote',
  z.object({
    from: Time,
    until: Time,
    resolution: Resolution,
    devices: Count.describe('Of this page, as are the next members.'),
    quantities: z.array(z.string()),
    series: z.array(z.string()),
    indices: z.array(z.string()),
    format: z.string(),
    deviceQuantityHours: Count.describe('What the price is made of.'),
    own: OwnDevices.optional(),
    rowsAtMost: Count.nullable().describe('Null for raw readings: nobody has counted them.'),
    bytesAbout: Count.nullable(),
    isLastPage: z.boolean(),
    whole: z
      .object({ devices: Count, deviceQuantityHours: Count })
      .describe('Of the whole query, in one page or many.'),
    price: Price,
  }),
);
export type ObservationsQuote = Shape<typeof ObservationsQuote>;
