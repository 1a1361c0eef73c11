/**
 * What the OpenAPI document says of a route, kept by hand: one file a group, all of them in all.ts. A test walks the routes of
 * the app and names the one that is missing on either side (test/tooling/openapi.test.ts).
 */
import { z } from 'zod';

export type Media = Readonly<Record<string, z.ZodType>>;
export type Header =
  | 'Link'
  | 'ETag'
  | 'Retry-After'
  | 'Accept-Ranges'
  | 'Content-Range'
  | 'PAYMENT-REQUIRED'
  | 'PAYMENT-RESPONSE'
  | 'Credits-Charged'
  | 'Credits-Left'
  | 'RateLimit';

export type Answer = {
  readonly says: string;
  /** By media type; null: no body. */
  readonly body: Media | null;
  readonly headers?: readonly Header[];
};

export type Parameter = {
  readonly in: 'query' | 'path' | 'header';
  readonly name: string;
  readonly says: string;
  readonly schema: z.ZodType;
  readonly required?: boolean;
  readonly example?: string | number;
  /** Several values separated by commas. */
  readonly isList?: boolean;
};

/** `payment`: x402 or an API key. `x402`: what credits do not buy. `account`: the wallet or a key of it. */
export type Access = 'open' | 'payment' | 'x402' | 'owner' | 'account' | 'device' | 'admin';

export type Route = {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** As OpenAPI writes it: `/v1/regions/{cell}`. */
  readonly path: string;
  /** Names the function of a generated client. */
  readonly id: string;
  readonly group: string;
  readonly says: string;
  readonly detail?: string;
  readonly access?: Access;
  readonly parameters?: readonly Parameter[];
  readonly body?: { readonly says: string; readonly media: Media };
  readonly answers: Readonly<Record<number, Answer>>;
  /** Codes of the problems it may answer with, by status. `internal` is everywhere. */
  readonly problems?: Problems;
  /** Shapes that only the words name, such as messages of a WebSocket. */
  readonly mentions?: readonly z.ZodType[];
};

/** What the network sends by itself. */
export type Message = { readonly name: string; readonly says: string; readonly schema: z.ZodType };

export type Problems = Readonly<Record<number, readonly string[]>>;

/** The reference page's headings, in its order, with a sentence under each. */
export const TAGS: Readonly<Record<string, string>> = {
  Network: 'Free. What the network is and does.',
  Regions: 'Free. Regions with stations, flags, and the live stream.',
  Devices: 'Free, and an hour old. Devices and their latest hourly means.',
  Epochs: 'Free. What was earned, and on what it rests.',
  Evidence: 'Free. The sealed logs from which everything can be computed again.',
  Paid: 'Fresh and selected data, paid by the query with x402 or credits: the 402 carries the offer, `dry-run=true` the price.',
  Exports: 'Paid. Closed days of many devices as files.',
  Streams: 'Paid, or free an hour late. Server-sent events.',
  Credits: 'Prepaid by x402, spent with an API key.',
  Webhooks: 'Free. Signed messages about thresholds, and about data that turned out false.',
  'OGC API - Features': 'Free. The same devices, values and regions for QGIS and GDAL.',
  'Devices that post': 'Signed batches (docs/protocol.md).',
  Lifecycle: 'From claim to retirement, signed by owners and devices (docs/protocol.md, "Lifecycle").',
  Owners: 'For the wallet that owns the devices.',
  Operators: 'For whoever holds the admin token.',
};

export const PROBLEM_TYPE = 'application/problem+json';
export const JSON_TYPE = 'application/json';
export const STREAM_TYPE = 'text/event-stream';
export const GEOJSON_TYPE = 'application/geo+json';
export const CSV_TYPE = 'text/csv';
export const Text = z.string();
/** Bytes: `contentMediaType` says more than `format: binary` could (OpenAPI 3.1 section 4.8.14.1). */
export const Bytes = z.string().meta({ contentMediaType: 'application/octet-stream' });

export function json(says: string, schema: z.ZodType, headers: readonly Header[] = []): Answer {
  return { says, body: { [JSON_TYPE]: schema }, headers };
}

/** A free answer: with an ETag, so that asking again costs little. */
export function fresh(says: string, schema: z.ZodType): Readonly<Record<number, Answer>> {
  return { 200: json(says, schema, ['ETag']), 304: { says: 'Nothing changed since `If-None-Match`.', body: null } };
}

export function path(name: string, says: string, schema: z.ZodType, example?: string | number): Parameter {
  return { in: 'path', name, says, schema, required: true, ...(example === undefined ? {} : { example }) };
}

export function query(name: string, says: string, schema: z.ZodType, more: Partial<Parameter> = {}): Parameter {
  return { in: 'query', name, says, schema, ...more };
}

/** What every query with parameters refuses (core/query/errors.ts). */
export const BAD_PARAMETERS = ['unknown-parameter', 'repeated-parameter', 'bad-parameter', 'too-many-values'] as const;

/** What every body with fields refuses (worker/routes/admin-fields.ts). */
export const BAD_FIELDS: Problems = { 400: ['bad-field'], 413: ['body-too-large'] };

/** Of what is paid. */
export const SOLD_HEADERS: readonly Header[] = ['PAYMENT-RESPONSE', 'Credits-Charged', 'Credits-Left', 'RateLimit'];

export const IDEMPOTENCY_KEY: Parameter = {
  in: 'header',
  name: 'Idempotency-Key',
  says: 'With credits: the same key again is charged once and brings the same answer, for a day.',
  schema: z.string(),
};

export const PAGED: readonly Parameter[] = [
  query('limit', 'Most items of a page.', z.int().min(1)),
  query('cursor', 'From `next` or `Link: rel=next` of the page before.', z.string()),
];

/** The codes of all, status by status. */
export function merge(...parts: readonly Problems[]): Problems {
  const merged: Record<number, readonly string[]> = {};
  for (const part of parts) {
    for (const [status, codes] of Object.entries(part)) {
      merged[Number(status)] = [...new Set([...(merged[Number(status)] ?? []), ...codes])];
    }
  }
  return merged;
}
