/** The three collections of `/ogc`: which features they have, a page of them, and one by its id. */
import { parseDeviceId, parseRegionCell } from '../../../core/ids.ts';
import { extentOf, outlineOf, touches } from '../../../core/query/boundary.ts';
import { isWithin, type FeaturesRequest } from '../../../core/query/features.ts';
import type { At } from '../../../core/query/places.ts';
import { quantityByCode } from '../../../core/reading/quantity.ts';
import type { TimeRules } from '../../../core/rules/rule-set.ts';
import type { DeviceFeature, Features, LatestFeature, RegionFeature } from '../../../schema/api/geojson.ts';
import type { DeviceItem, LatestItem } from '../../../schema/api/places.ts';
import type { RegionItem } from '../../../schema/api/public.ts';
import { readPlaced, type Placed, type PlaceQuery } from '../../adapters/d1/places.ts';
import { readRegions } from '../../adapters/d1/public.ts';
import { pageOf, toDeviceItem, toLatestItems, type Page } from '../public/place-items.ts';
import { toRegionItem } from '../public/regions.ts';

type Feature = Features['features'][number];

/** What the features are read from. */
export type Source = { readonly db: D1Database; readonly rules: TimeRules; readonly throughHour: number };

export type FeatureCollection = {
  readonly id: 'devices' | 'latest' | 'regions';
  readonly title: string;
  readonly description: string;
  readonly hasTime: boolean;
  readonly page: (source: Source, request: FeaturesRequest) => Promise<Page<Feature>>;
  readonly find: (source: Source, id: string) => Promise<Feature | null>;
};

export const COLLECTIONS: readonly FeatureCollection[] = [
  {
    id: 'devices',
    title: 'Devices',
    description: 'Devices at the centers of the H3 cells of resolution 7 that are their public places.',
    hasTime: false,
    page: ({ db, throughHour }, request) =>
      pageOf(db, walkOf(request, ['claimed', 'active', 'quarantined'], throughHour), (placed) => [
        [0, deviceFeature(toDeviceItem(placed))],
      ]),
    async find(source, id) {
      const placed = await findPlaced(source, id, ['claimed', 'active', 'quarantined']);
      return placed === null ? null : deviceFeature(toDeviceItem(placed));
    },
  },
  {
    id: 'latest',
    title: 'Latest hourly means',
    description: 'The newest hourly mean of each device and quantity that is at least the publication delay old.',
    hasTime: true,
    page: ({ db, rules, throughHour }, request) =>
      pageOf(db, walkOf(request, ['active'], throughHour), (placed) =>
        toLatestItems(placed, null, rules)
          .filter(({ start }) => isWithin(Date.parse(start), request.datetime))
          .map((item) => [quantityByCode(item.quantity)?.index ?? 0, latestFeature(item)]),
      ),
    async find(source, id) {
      const [device = '', code = ''] = id.split('.');
      const placed = await findPlaced(source, device, ['active']);
      const items = placed === null ? [] : toLatestItems(placed, null, source.rules);
      const item = items.find(({ quantity }) => quantity === code);
      return item === undefined ? null : latestFeature(item);
    },
  },
  {
    id: 'regions',
    title: 'Regions',
    description: 'Regions of the network: H3 cells of resolution 3, each with one log.',
    hasTime: false,
    page: async ({ db, rules }, { bbox, after, offset, limit }) => {
      const all = (await readRegions(db)).map((row) => toRegionItem(row, rules)).toSorted(byCell);
      const inside = all.filter(
        ({ cell, boundary }) => (after === null || cell > after[0]) && (bbox === null || touches(boundary, bbox)),
      );
      const shown = inside.slice(offset, offset + limit);
      const last = inside.length > offset + limit ? shown.at(-1) : undefined;
      const next: At | null = last === undefined ? null : [last.cell, '', 0];
      return { items: shown.map(regionFeature), next };
    },
    async find({ db, rules }, id) {
      const cell = parseRegionCell(id);
      const rows = cell.ok ? await readRegions(db) : [];
      const row = rows.find((one) => one.cell === id);
      return row === undefined ? null : regionFeature(toRegionItem(row, rules));
    },
  },
];

/** Box around all regions: everything of the network lies in one. */
export async function networkExtent({ db, rules }: Source): Promise<readonly number[]> {
  const regions = await readRegions(db);
  const { west, south, east, north } = extentOf(regions.map((row) => toRegionItem(row, rules).boundary));
  return [west, south, east, north];
}

function walkOf(
  { bbox, limit, offset, after }: FeaturesRequest,
  statuses: PlaceQuery['statuses'],
  throughHour: number,
) {
  const query: PlaceQuery = { area: bbox === null ? null : { kind: 'bbox', bbox }, devices: null, statuses };
  return { query, after, limit, skip: offset, throughHour };
}

async function findPlaced(
  { db, throughHour }: Source,
  id: string,
  statuses: PlaceQuery['statuses'],
): Promise<Placed | null> {
  const device = parseDeviceId(id);
  if (!device.ok) return null;
  const [found] = await readPlaced(db, { area: null, devices: [device.value], statuses }, null, 1, throughHour);
  return found ?? null;
}

function deviceFeature({ device, latitude, longitude, quantities, ...rest }: DeviceItem): DeviceFeature {
  return {
    type: 'Feature',
    id: device,
    geometry: { type: 'Point', coordinates: [longitude, latitude] },
    properties: { ...rest, quantities: quantities.join(';') },
  };
}

/** One time a feature: clients send what they filter by it as `datetime`. */
function latestFeature({ latitude, longitude, start, tests, ...rest }: LatestItem): LatestFeature {
  return {
    type: 'Feature',
    id: `${rest.device}.${rest.quantity}`,
    geometry: { type: 'Point', coordinates: [longitude, latitude] },
    properties: { ...rest, tests: tests.join(';'), time: start },
  };
}

function regionFeature({ cell, boundary, ...properties }: RegionItem): RegionFeature {
  return { type: 'Feature', id: cell, geometry: outlineOf(boundary), properties };
}

function byCell(a: RegionItem, b: RegionItem): number {
  return a.cell < b.cell ? -1 : 1;
}
