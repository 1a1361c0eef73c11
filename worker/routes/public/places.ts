/** `GET /v1/devices` and `GET /v1/latest`: who measures what where, and the newest means that are old enough to be free. */
import { Hono, type Context } from 'hono';
import { attributionOf, LICENSE } from '../../../core/query/license.ts';
import { nextAddress, parsePlacesRequest, type PlacesRequest, type PlacesRoute } from '../../../core/query/places.ts';
import type { Column, Table } from '../../../core/query/table.ts';
import { quantityByCode } from '../../../core/reading/quantity.ts';
import type { DeviceItem, LatestItem } from '../../../schema/api/places.ts';
import { nowMs } from '../../adapters/clock.ts';
import type { AppEnv } from '../../context.ts';
import { encodeAs } from '../../formats/encode.ts';
import { problemResponse } from '../../middleware/problem.ts';
import { describeQueryRefusal } from '../../middleware/query-problems.ts';
import { perHour, tagged } from './cache.ts';
import { lastPublicHour, pageOf, toDeviceItem, toLatestItems, type Page } from './place-items.ts';

export const placeRoutes = new Hono<AppEnv>()
  .get('/v1/devices', tagged, (c) =>
    answer(c, 'devices', DEVICE_COLUMNS, (request, throughHour) =>
      pageOf(c.env.DB, walkOf(request, throughHour), (placed) => {
        const measures = request.quantities?.some(({ index }) => placed.latest.has(index)) ?? true;
        return measures ? [[0, toDeviceItem(placed)]] : [];
      }),
    ),
  )
  .get('/v1/latest', tagged, (c) =>
    answer(c, 'latest', LATEST_COLUMNS, (request, throughHour) =>
      pageOf(c.env.DB, walkOf(request, throughHour), (placed) =>
        toLatestItems(placed, request.quantities, c.var.config.rules.time).map((item) => [
          quantityByCode(item.quantity)?.index ?? 0,
          item,
        ]),
      ),
    ),
  );

async function answer<T extends { readonly latitude: number; readonly longitude: number }>(
  c: Context<AppEnv>,
  route: PlacesRoute,
  columns: readonly Column<T>[],
  read: (request: PlacesRequest, throughHour: number) => Promise<Page<T>>,
): Promise<Response> {
  const { rules, ingestTagKey } = c.var.config;
  const url = new URL(c.req.url);
  const parsed = parsePlacesRequest(route, url.searchParams, c.req.header('accept'), ingestTagKey);
  if (!parsed.ok) return problemResponse(describeQueryRefusal(parsed.error));
  const request = parsed.value;
  const { items, next } = await read(request, lastPublicHour(nowMs(), rules.time));
  const table: Table<T> = {
    name: route,
    columns,
    rows: items,
    placeOf: ({ longitude, latitude }) => [longitude, latitude],
  };
  const facts = {
    license: LICENSE,
    attribution: attributionOf(rules),
    next: nextAddress(c.req.url, ingestTagKey, request.canonical, next),
    members: {},
  };
  const { body, contentType, headers } = await encodeAs(table, facts, request.format, route);
  return c.body(body, 200, {
    ...headers,
    'content-type': contentType,
    'cache-control': perHour(rules.time.hourSeconds),
    vary: 'accept',
  });
}

function walkOf({ area, devices, statuses, after, limit }: PlacesRequest, throughHour: number) {
  return { query: { area, devices, statuses }, after, limit, throughHour };
}

const DEVICE_COLUMNS: readonly Column<DeviceItem>[] = [
  { name: 'device', type: 'text', of: (item) => item.device },
  { name: 'name', type: 'text', of: (item) => item.name },
  { name: 'status', type: 'text', of: (item) => item.status },
  { name: 'region', type: 'text', of: (item) => item.region },
  { name: 'place', type: 'text', of: (item) => item.place },
  { name: 'latitude', type: 'number', of: (item) => item.latitude },
  { name: 'longitude', type: 'number', of: (item) => item.longitude },
  { name: 'elevationM', type: 'number', nullable: true, of: (item) => item.elevationM },
  { name: 'tier', type: 'integer', of: (item) => item.tier },
  { name: 'owner', type: 'text', of: (item) => item.owner },
  { name: 'scoreBps', type: 'integer', nullable: true, of: (item) => item.scoreBps },
  { name: 'quantities', type: 'list', of: (item) => item.quantities },
];

const LATEST_COLUMNS: readonly Column<LatestItem>[] = [
  { name: 'device', type: 'text', of: (item) => item.device },
  { name: 'name', type: 'text', of: (item) => item.name },
  { name: 'region', type: 'text', of: (item) => item.region },
  { name: 'latitude', type: 'number', of: (item) => item.latitude },
  { name: 'longitude', type: 'number', of: (item) => item.longitude },
  { name: 'elevationM', type: 'number', nullable: true, of: (item) => item.elevationM },
  { name: 'quantity', type: 'text', of: (item) => item.quantity },
  { name: 'value', type: 'number', of: (item) => item.value },
  { name: 'unit', type: 'text', of: (item) => item.unit },
  { name: 'start', type: 'text', of: (item) => item.start },
  { name: 'count', type: 'integer', of: (item) => item.count },
  { name: 'flag', type: 'integer', of: (item) => item.flag },
  { name: 'tests', type: 'list', of: (item) => item.tests },
];
