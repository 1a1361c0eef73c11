import { z } from 'zod';
import { LiveMessage } from '../live.ts';
import { Cell } from '../shape.ts';
import {
  PublicStreamValues,
  StreamEnd,
  StreamFields,
  StreamGap,
  StreamHello,
  StreamQuote,
  StreamReadings,
  StreamSold,
} from '../stream.ts';
import {
  BAD_PARAMETERS,
  IDEMPOTENCY_KEY,
  json,
  JSON_TYPE,
  query,
  SOLD_HEADERS,
  STREAM_TYPE,
  type Route,
} from './route.ts';

export const STREAM: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/stream',
    id: 'postStream',
    group: 'Streams',
    says: 'Sells a pass for fresh values of devices or an area',
    access: 'payment',
    parameters: [IDEMPOTENCY_KEY],
    body: { says: 'Whose values, and for how long.', media: { [JSON_TYPE]: StreamFields } },
    answers: { 200: json('The pass; with `dry-run` the quote.', z.union([StreamSold, StreamQuote]), SOLD_HEADERS) },
    problems: {
      400: [...BAD_PARAMETERS, 'missing-parameter', 'one-of', 'bad-body'],
      404: ['no-such-device', 'no-such-region', 'nothing-live'],
      409: ['device-not-sold', 'nothing-for-sale'],
      422: ['area-too-large', 'too-many-devices', 'too-many-regions'],
      429: ['quota-exceeded'],
      503: ['region-unavailable'],
    },
  },
  {
    method: 'get',
    path: '/v1/stream',
    id: 'getStream',
    group: 'Streams',
    says: 'Server-sent events: with a pass what was bought, with a region what everybody may hear',
    detail:
      'With a pass: `hello`, `readings`, `gap`, `end`. Without: `hello` and `closed` (`LiveMessage`), and `values` of hours that are old enough to be free. Nothing is told twice to who sends `Last-Event-ID`.',
    parameters: [
      query('pass', 'As it was sold.', z.string()),
      query('cell', 'A region; without a pass.', Cell),
      { in: 'header', name: 'Last-Event-ID', says: 'Where the client stopped.', schema: z.string() },
      query('last-event-id', 'The same, where headers cannot be set.', z.string()),
    ],
    answers: {
      200: {
        says: 'Events; `data` of each is one JSON object.',
        body: {
          [STREAM_TYPE]: z.union([StreamHello, StreamReadings, StreamGap, StreamEnd, LiveMessage, PublicStreamValues]),
        },
      },
    },
    problems: {
      400: ['missing-parameter', 'invalid-region', 'bad-position'],
      403: ['bad-token'],
      404: ['no-such-region'],
      410: ['pass-over'],
      429: ['pass-in-use', 'live-full', 'quota-exceeded'],
      503: ['live-full'],
    },
  },
];
