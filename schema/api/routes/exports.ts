import { z } from 'zod';
import { ExportAnswer, ExportFields, ExportManifest, ExportQuote, ExportSold } from '../exports.ts';
import {
  BAD_PARAMETERS,
  Bytes,
  CSV_TYPE,
  IDEMPOTENCY_KEY,
  json,
  JSON_TYPE,
  path,
  query,
  SOLD_HEADERS,
  Text,
  type Media,
  type Parameter,
  type Problems,
  type Route,
} from './route.ts';

const ID: Parameter = path('id', 'The export.', z.string());
const TOKEN = query('token', 'As it was sold; or as `Authorization: Bearer`.', z.string());
const TOLD: Problems = { 403: ['bad-token'], 410: ['export-gone'], 429: ['quota-exceeded'] };
const STANDS = {
  200: json('Done, with links; or failed.', ExportAnswer),
  202: json('Not yet: look again.', ExportAnswer, ['Retry-After']),
};
const FILES: Media = {
  'application/vnd.apache.parquet': Bytes,
  [CSV_TYPE]: Text,
  'application/x-ndjson': Text,
  'text/plain': Text,
};

export const EXPORTS: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/exports',
    id: 'postExport',
    group: 'Exports',
    says: 'Orders closed days as files',
    detail: 'Priced as a query. The same payment, or the same `Idempotency-Key`, again is the same export.',
    access: 'payment',
    parameters: [IDEMPOTENCY_KEY],
    body: {
      says: 'What a query for observations takes, as JSON.',
      media: { [JSON_TYPE]: ExportFields },
    },
    answers: {
      200: json('The order; with `dry-run` the quote.', z.union([ExportSold, ExportQuote]), SOLD_HEADERS),
    },
    problems: {
      400: [...BAD_PARAMETERS, 'missing-parameter', 'one-of', 'bad-combination', 'bad-body'],
      404: ['no-such-device', 'no-such-region', 'nothing-measured'],
      409: ['device-not-sold', 'nothing-for-sale', 'nothing-in-area'],
      422: ['not-closed-yet', 'export-too-large', 'too-many-devices', 'too-many-files'],
      429: ['quota-exceeded'],
    },
  },
  {
    method: 'get',
    path: '/v1/exports/{id}',
    id: 'getExport',
    group: 'Exports',
    says: 'How an export stands, and links to its files',
    parameters: [ID, TOKEN],
    answers: STANDS,
    problems: TOLD,
  },
  {
    method: 'post',
    path: '/v1/exports/{id}/restart',
    id: 'postExportRestart',
    group: 'Exports',
    says: 'Lets an export that failed go on',
    parameters: [ID, TOKEN],
    answers: STANDS,
    problems: TOLD,
  },
  {
    method: 'get',
    path: '/v1/exports/{id}/files/{pass}/{path}',
    id: 'getExportFile',
    group: 'Exports',
    says: 'A file of an export',
    detail:
      'Take the whole address from the links or the manifest. Ranges can be asked for; the path may have slashes.',
    parameters: [
      ID,
      path('pass', 'From the link.', z.string()),
      path('path', '`manifest.json`, `links.txt`, or a file that the manifest names.', z.string()),
    ],
    answers: {
      200: {
        says: 'The whole file.',
        body: { [JSON_TYPE]: ExportManifest, ...FILES },
        headers: ['ETag', 'Accept-Ranges'],
      },
      206: {
        says: 'What `Range` asked for.',
        body: { 'application/octet-stream': Bytes, ...FILES },
        headers: ['ETag', 'Content-Range'],
      },
      304: { says: 'Nothing changed since `If-None-Match`.', body: null },
    },
    problems: { 403: ['bad-token', 'link-expired'], 404: ['no-such-file'], 416: ['range-not-satisfiable'] },
  },
];
