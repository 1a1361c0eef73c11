import { z } from 'zod';
import { DevicesGeojson, LatestGeojson } from '../geojson.ts';
import { DeviceAnswer, DevicesAnswer, ForkFile, ForksAnswer, LatestAnswer } from '../places.ts';
import { DeviceKey, QuantityCode, Status } from '../shape.ts';
import {
  BAD_PARAMETERS,
  CSV_TYPE,
  fresh,
  GEOJSON_TYPE,
  json,
  JSON_TYPE,
  PAGED,
  path,
  query,
  Text,
  type Answer,
  type Parameter,
  type Problems,
  type Route,
} from './route.ts';

const ID = path('device', 'The device.', DeviceKey);
const NO_DEVICE: Problems = { 400: ['invalid-device'], 404: ['no-such-device'] };
const BAD_QUERY: Problems = { 400: [...BAD_PARAMETERS, 'bad-cursor', 'bad-combination'], 406: ['not-acceptable'] };

export const WHERE: readonly Parameter[] = [
  query('bbox', 'west,south,east,north in degrees; across the antimeridian west is greater than east.', z.string(), {
    example: '-4.2,40.1,-3.2,40.8',
  }),
  query('cell', 'H3 cells of resolution 3 to 7, separated by commas.', z.string(), { isList: true }),
];
const QUANTITY = query('quantity', 'Codes of /v1/quantities.', QuantityCode, { isList: true, example: 'pm25' });
const FORMAT = query('format', 'Goes before `Accept`.', z.enum(['json', 'csv', 'geojson']));

function formats(says: string, answer: z.ZodType, features: z.ZodType): Readonly<Record<number, Answer>> {
  return {
    200: {
      says,
      body: { [JSON_TYPE]: answer, [GEOJSON_TYPE]: features, [CSV_TYPE]: Text },
      headers: ['ETag', 'Link'],
    },
    304: { says: 'Nothing changed since `If-None-Match`.', body: null },
  };
}

export const PLACES: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/devices',
    id: 'getDevices',
    group: 'Devices',
    says: 'Devices by place, quantity and status',
    detail: 'The public place of a device is the center of an H3 cell of resolution 7, some 1.2 km across.',
    parameters: [
      ...WHERE,
      QUANTITY,
      query('status', 'One or more; without it, all but the retired.', Status, { isList: true }),
      FORMAT,
      ...PAGED,
    ],
    answers: formats('A page, by region and id.', DevicesAnswer, DevicesGeojson),
    problems: BAD_QUERY,
  },
  {
    method: 'get',
    path: '/v1/devices/{device}',
    id: 'getDevice',
    group: 'Devices',
    says: 'A device with its score, latest values and flags',
    parameters: [ID],
    answers: fresh('Values are at least the publication delay old.', DeviceAnswer),
    problems: NO_DEVICE,
  },
  {
    method: 'get',
    path: '/v1/devices/{device}/forks',
    id: 'getForks',
    group: 'Devices',
    says: 'Where batches of one key part',
    detail:
      'Batches may name the one before them (docs/protocol.md, "Chain of batches"); two that name the same one are a fork.',
    parameters: [ID],
    answers: { 200: json('After the publication delay.', ForksAnswer) },
    problems: { 400: ['invalid-device'] },
  },
  {
    method: 'get',
    path: '/v1/devices/{device}/forks/{fork}',
    id: 'getFork',
    group: 'Devices',
    says: 'The signed batches of a fork',
    detail: '`npm run verify:proof` checks the file.',
    parameters: [ID, path('fork', 'As listed.', z.string())],
    answers: { 200: json('The file.', ForkFile) },
    problems: { 400: ['invalid-device'], 404: ['no-such-fork'] },
  },
  {
    method: 'get',
    path: '/v1/devices/{device}/metrics',
    id: 'getMetrics',
    group: 'Devices',
    says: 'A device for Prometheus',
    detail:
      'OpenMetrics 1.0. Values carry the time of their hour’s end; scrape with `honor_timestamps: false`, or with an `out_of_order_time_window`.',
    parameters: [ID],
    answers: {
      200: {
        says: 'Latest hourly means, flags, score, last hour.',
        body: { 'application/openmetrics-text': Text },
        headers: ['ETag'],
      },
      304: { says: 'Nothing changed since `If-None-Match`.', body: null },
    },
    problems: NO_DEVICE,
  },
  {
    method: 'get',
    path: '/v1/latest',
    id: 'getLatest',
    group: 'Devices',
    says: 'The newest hourly mean of each device and quantity that is old enough to be free',
    parameters: [
      ...WHERE,
      query('device', 'Devices, separated by commas.', DeviceKey, { isList: true }),
      QUANTITY,
      FORMAT,
      ...PAGED,
    ],
    answers: formats('A page, by region, device and quantity.', LatestAnswer, LatestGeojson),
    problems: BAD_QUERY,
  },
];
