import { z } from 'zod';
import { AnomaliesAnswer, AnomaliesGeojson, AnomaliesQuote } from '../anomalies.ts';
import { ObservationsAnswer, ObservationsGeojson, ObservationsQuote, ObservationsSelection } from '../observations.ts';
import { DeviceKey, QuantityCode, Time } from '../shape.ts';
import { WHERE } from './places.ts';
import {
  BAD_PARAMETERS,
  Bytes,
  CSV_TYPE,
  GEOJSON_TYPE,
  IDEMPOTENCY_KEY,
  JSON_TYPE,
  query,
  SOLD_HEADERS,
  Text,
  type Answer,
  type Parameter,
  type Problems,
  type Route,
} from './route.ts';

const list = { isList: true };

/** Whose data, of what, from when until when: what other paid routes take, too. */
export const SELECTION: readonly Parameter[] = [
  query('device', 'Devices; or an area by `cell` or `bbox`, exactly one of the three.', DeviceKey, list),
  ...WHERE,
  query('quantity', 'Codes of /v1/quantities.', QuantityCode, list),
  query('from', 'Beginning, itself included; with an offset.', Time, { required: true }),
  query('until', 'End, itself excluded.', Time, { required: true }),
];

const FLAGS = (flags: readonly [string, ...string[]]) =>
  query('flags', 'QARTOD flags of the rows that are wanted.', z.enum(flags), list);

const page = (unit: string): readonly Parameter[] => [
  query('format', 'Goes before `Accept`.', z.enum(['json', 'csv', 'ndjson', 'geojson', 'parquet'])),
  query('limit', `Most ${unit} of a page; without it, the whole answer or none.`, z.int().min(1)),
  query('cursor', 'From `next` of the page before.', z.string()),
  query('dry-run', 'Price and size only, free of charge.', z.enum(['true', 'false']).default('false')),
  IDEMPOTENCY_KEY,
];

const sold = (says: string, answer: z.ZodType, geojson: z.ZodType): Readonly<Record<number, Answer>> => ({
  200: {
    says: `${says}; with \`dry-run=true\` the quote.`,
    body: {
      [JSON_TYPE]: answer,
      [GEOJSON_TYPE]: geojson,
      [CSV_TYPE]: Text,
      'application/x-ndjson': Text,
      'application/vnd.apache.parquet': Bytes,
    },
    headers: ['ETag', 'Link', ...SOLD_HEADERS],
  },
  304: { says: 'What `If-None-Match` names is what would be answered. Free.', body: null },
});

export const REFUSED: Problems = {
  400: [...BAD_PARAMETERS, 'missing-parameter', 'one-of', 'bad-combination', 'bad-cursor', 'limit-too-small'],
  401: ['bad-sign-in'],
  404: ['no-such-device', 'no-such-region', 'nothing-measured'],
  406: ['not-acceptable'],
  409: ['device-not-sold', 'nothing-for-sale'],
  422: ['area-too-large', 'query-too-large', 'answer-too-large'],
  429: ['quota-exceeded'],
  503: ['region-unavailable'],
};

export const OBSERVATIONS: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/observations',
    id: 'getObservations',
    group: 'Paid',
    says: 'Observations of devices or of an area',
    detail:
      'Raw, corrected and index values are separate series. A page that follows is paid like the first. `dry-run=true` tells price and size. A 304 is free, and so are a wallet’s own devices (`Authorization: SIWE`).',
    access: 'payment',
    parameters: [
      ...SELECTION,
      query('series', 'Beside the values as measured: corrected ones.', z.enum(['raw', 'corrected']), list),
      query('index', 'Air indices.', z.enum(['us-aqi', 'us-aqi-nowcast', 'european-aqi']), list),
      query('resolution', 'Readings, hours or days.', z.enum(['raw', 'hour', 'day']).default('hour')),
      FLAGS(['1', '2', '3', '4']),
      query('fields', 'Columns, in place of the usual ones.', z.string(), list),
      ...page('device-quantity-hours'),
    ],
    answers: sold(
      'The observations',
      z.union([ObservationsAnswer, ObservationsSelection, ObservationsQuote]),
      ObservationsGeojson,
    ),
    problems: REFUSED,
  },
  {
    method: 'get',
    path: '/v1/anomalies',
    id: 'getAnomalies',
    group: 'Paid',
    says: 'What the network flagged, with the evidence',
    detail: 'A wallet’s own devices are free (`Authorization: SIWE`).',
    access: 'payment',
    parameters: [
      ...SELECTION,
      query('test', 'Codes of tests (docs/quality.md).', z.string(), list),
      FLAGS(['3', '4']),
      query('severity', 'The least, in times the test’s own limit.', z.number()),
      ...page('device-days'),
    ],
    answers: sold('The anomalies', z.union([AnomaliesAnswer, AnomaliesQuote]), AnomaliesGeojson),
    problems: REFUSED,
  },
];
