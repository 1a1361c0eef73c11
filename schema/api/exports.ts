/** `/v1/exports`: what is ordered, what is sold, and how it stands. */
import { z } from 'zod';
import { OwnDevices, Price, Question } from './observations.ts';
import { Count, DeviceKey, Hash, named, Time, type Shape } from './shape.ts';

const Format = z.enum(['parquet', 'csv', 'ndjson']);
const Resolution = z.enum(['hour', 'day']);
const Id = z.string().regex(/^[0-9a-f]{32}$/);

/** `POST /v1/exports`; lists may also be texts with commas, and the same names may stand in the address instead. */
export const ExportFields = named(
  'ExportFields',
  z.object({
    ...Question,
    series: z
      .array(z.enum(['raw', 'corrected']))
      .optional()
      .describe('Beside the values as measured: corrected ones.'),
    index: z
      .array(z.enum(['us-aqi', 'us-aqi-nowcast', 'european-aqi']))
      .optional()
      .describe('Air indices.'),
    fields: z.array(z.string()).optional().describe('Columns, in place of the usual ones.'),
    from: Time,
    until: Time.describe('End, itself excluded; no later than the last closed day.'),
    resolution: Resolution.optional().describe('Without it: hour.'),
    format: Format.optional().describe(
      'Without it: parquet, a file for each region and date. The others are one file.',
    ),
    'dry-run': z.boolean().optional().describe('Price and size only, free of charge.'),
  }),
);

/** `dry-run`, and the facts of the 402. */
export const ExportQuote = named(
  'ExportQuote',
  z.object({
    from: Time,
    until: Time,
    resolution: Resolution,
    format: Format,
    devices: Count,
    quantities: z.array(z.string()),
    series: z.array(z.string()),
    indices: z.array(z.string()),
    deviceQuantityHours: Count.describe('What the price is made of: as that of a query.'),
    own: OwnDevices.optional(),
    price: Price,
  }),
);
export type ExportQuote = Shape<typeof ExportQuote>;

export const ExportSold = named(
  'ExportSold',
  z
    .object({
      id: Id,
      token: Hash.describe('Whoever has it may fetch the export: keep it.'),
      statusUrl: z.url().describe('With the token in it.'),
      goodHours: Count.describe('Of the device-quantity-hours that were paid, how many are there with a good flag.'),
      quote: ExportQuote,
    })
    .describe('The job, not yet its files.'),
);
export type ExportSold = Shape<typeof ExportSold>;

export const ExportLinks = named(
  'ExportLinks',
  z.object({
    until: Time.describe('Until when they work; the status address gives new ones.'),
    manifest: z
      .url()
      .describe('Lists all files with their rows, bytes and SHA-256; its paths are relative to its own address.'),
    list: z.url().describe('The same as plain text, one address a line.'),
    file: z.url().nullable().describe('CSV and NDJSON: the one file.'),
  }),
);
export type ExportLinks = Shape<typeof ExportLinks>;

export const ExportAnswer = named(
  'ExportAnswer',
  z.object({
    id: Id,
    status: z.enum(['queued', 'running', 'done', 'failed']),
    format: Format,
    created: Time,
    parts: z.object({ done: Count, total: Count }),
    rows: Count,
    bytes: Count,
    expires: Time.nullable().describe('When the files are removed, null while they are made.'),
    detail: z.string().nullable().describe('What went wrong last, in words.'),
    links: ExportLinks.nullable().describe('Null until it is done.'),
  }),
);
export type ExportAnswer = Shape<typeof ExportAnswer>;

const StoredPart = z.object({ path: z.string(), rows: Count, bytes: Count, sha256: Hash });

/** `manifest.json` (core/export/manifest.ts). */
export const ExportManifest = named(
  'ExportManifest',
  z.object({
    id: Id,
    created: Time,
    finished: Time,
    license: z.string(),
    attribution: z.array(z.string()),
    format: Format,
    resolution: Resolution,
    from: Time,
    until: Time,
    quantities: z.array(z.string()),
    devices: z.array(DeviceKey),
    rows: Count,
    bytes: Count,
    files: z.array(StoredPart).describe('What a buyer fetches; paths are relative to the manifest’s own address.'),
    pieces: z
      .array(StoredPart)
      .describe('CSV and NDJSON: the parts that the one file is stored in, in order, each with its own hash.'),
  }),
);
