/** `/ogc` of a real network as GDAL and a client library from npm read it: nobody here wrote either. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OgcApiEndpoint } from '@camptocamp/ogc-client';
import { check } from '@placemarkio/check-geojson';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { epochOf, epochStartMs, rfc3339 } from '../../core/time.ts';
import type { Collection, Collections, Conformance, LandingPage, Link } from '../../schema/api/geojson.ts';
import type { LatestAnswer } from '../../schema/api/places.ts';
import { Folder } from '../../scripts/lib/folder.ts';
import { type Network, startNetwork } from '../../scripts/lib/network.ts';
import { run } from '../../scripts/lib/run.ts';
import type { Measurement } from '../../sensors/client/senml.ts';
import { createJudge } from '../support/api-judge.ts';
import { BERLIN, type FieldDevice, MADRID, packBatch, registerField, sendBatch } from '../support/field.ts';
import { findProgram } from '../support/programs.ts';
import { getJson, until } from '../support/until.ts';

const GDAL = findProgram(['ogrinfo', '--version']);
const RULES = LOCAL_RULES.time;
const HOUR_MS = RULES.hourSeconds * 1000;
const QUANTITIES = { temp: 'Cel', rh: '%RH', pm25: 'ug/m3', press: 'hPa' } as const;
/** Stations at both places, each with every quantity: more than GDAL asks for in one page. */
const STATIONS = 4;
const SPAIN = [-10, 35, 5, 44] as const;

const dir = mkdtempSync(join(tmpdir(), 'isobar-ogc-'));
let network: Network;
let ogc: string;
let devices: readonly FieldDevice[];
let values: LatestAnswer['latest'];
const judge = createJudge();

beforeAll(async () => {
  expect((await run(['node', 'scripts/build-web.ts'])).exitCode).toBe(0);
  network = await startNetwork({ folder: Folder.open(dir, false), port: 0, chainPort: 0 });
  ogc = `${network.api}/ogc`;
  const owner = network.accounts.owners[0]?.address ?? '';
  const sites = Array.from({ length: STATIONS }, (_, index) => {
    const { latitude, longitude } = index % 2 === 0 ? MADRID : BERLIN;
    const place = { latitude: latitude + index / 20, longitude };
    return { ...place, name: `Station ${index}`, algorithm: 'ed25519', owner, tier: 0 } as const;
  });
  devices = await registerField(network.api, network.adminToken, sites);
  const startMs = epochStartMs(epochOf(Date.now(), RULES) - 1, RULES);
  for (const [index, device] of devices.entries()) {
    // The last one is the stations' clock: it stays open until the backfill's waiting time is over, and what is public stands still.
    const hours = Array.from({ length: 7 }, (_, hour) => startMs + hour * HOUR_MS + HOUR_MS / 2);
    const readings = hours.flatMap((measuredMs, hour) =>
      Object.entries(QUANTITIES).map(([quantity, unit]) => {
        // The only fractions are of Madrid's pressure, late in the order: GDAL guesses the type of a column from the first page.
        const base = quantity !== 'press' ? 10 : index % 2 === 0 ? 900.5 : 900;
        return { quantity, unit, value: base + index + hour, measuredMs } as Measurement;
      }),
    );
    await sendBatch(device, packBatch(device, 1, readings));
  }
  values = await until('all values are public', 120_000, async () => {
    const { latest } = await getJson<LatestAnswer>(`${network.api}/v1/latest`);
    return latest.length === STATIONS * Object.keys(QUANTITIES).length ? latest : null;
  });
});
afterAll(async () => {
  await network?.stop();
  rmSync(dir, { recursive: true });
});

const get = async <T>(url: string): Promise<T> => (await judge.fetch(url)).json<T>();
const linkOf = (links: readonly Link[], rel: string): Link => {
  const link = links.find((one) => one.rel === rel);
  if (link === undefined) throw new Error(`there is no link ${rel}`);
  return link;
};

describe('by the requirements of OGC 17-069r4', () => {
  test('the landing page leads to the definition, the conformance classes and the data', async () => {
    const { links } = await get<LandingPage>(ogc);
    const definition = await judge.fetch(linkOf(links, 'service-desc').href);
    expect(definition.headers.get('content-type')).toBe('application/vnd.oai.openapi+json;version=3.0');
    const { conformsTo } = await get<Conformance>(linkOf(links, 'conformance').href);
    expect(conformsTo.map((uri) => uri.split('/').at(-1))).toEqual(['core', 'geojson', 'oas30']);
    const { collections } = await get<Collections>(linkOf(links, 'data').href);
    expect(collections.map(({ id }) => id)).toEqual(['devices', 'latest', 'regions']);
    for (const collection of collections) {
      const own = linkOf(collection.links, 'self').href;
      expect(await get<Collection>(own)).toEqual(collection);
      expect(linkOf(collection.links, 'items')).toMatchObject({ href: `${own}/items`, type: 'application/geo+json' });
    }
  });

  test('every collection is valid GeoJSON, and its features link to themselves', async () => {
    for (const id of ['devices', 'latest', 'regions']) {
      const text = await (await judge.fetch(`${ogc}/collections/${id}/items`)).text();
      const collection = check(text);
      if (collection.type !== 'FeatureCollection') throw new Error('it is no collection');
      for (const feature of collection.features) {
        const own = `${ogc}/collections/${id}/items/${encodeURIComponent(String(feature.id))}`;
        const { links, ...rest } = await get<{ links: readonly Link[] }>(own);
        expect(rest).toEqual(feature);
        expect(linkOf(links, 'self').href).toBe(own);
        expect(linkOf(links, 'collection').href).toBe(`${ogc}/collections/${id}`);
      }
    }
  });

  test('pages follow each other by rel=next, without a gap and without a repeat', async () => {
    const ids: unknown[] = [];
    let next: string | undefined = `${ogc}/collections/latest/items?limit=3`;
    while (next !== undefined) {
      const page: { features: readonly { id: string }[]; numberReturned: number; links: readonly Link[] } =
        await get(next);
      expect(page.numberReturned).toBe(page.features.length);
      ids.push(...page.features.map(({ id }) => id));
      next = page.links.find(({ rel }) => rel === 'next')?.href;
    }
    expect(ids).toEqual(values.map(({ device, quantity }) => `${device}.${quantity}`));
  });

  test('bbox and datetime select, and more than the largest page is answered with the largest', async () => {
    const count = async (query: string): Promise<number> =>
      (await get<{ numberReturned: number }>(`${ogc}/collections/${query}`)).numberReturned;
    expect(await count(`devices/items?bbox=${SPAIN.join(',')}`)).toBe(2);
    expect(await count('devices/items?bbox=-10,35,0,5,44,9000')).toBe(2);
    expect(await count('devices/items?bbox=5,-90,-10,90')).toBe(2);
    expect(await count(`regions/items?bbox=${SPAIN.join(',')}`)).toBe(1);
    const newest = Math.max(...values.map(({ start }) => Date.parse(start)));
    const after = encodeURIComponent(rfc3339(newest + 1));
    expect(await count(`latest/items?datetime=${after}/..`)).toBe(0);
    expect(await count(`latest/items?datetime=../${after}`)).toBe(values.length);
    expect(await count(`latest/items?datetime=${encodeURIComponent(rfc3339(newest))}`)).toBeGreaterThan(0);
    expect(await count('latest/items?limit=999999')).toBe(values.length);
    // Features without a time are in every interval (requirement 26).
    expect(await count('devices/items?datetime=2001-01-01T00:00:00Z')).toBe(STATIONS);
  });
});

test('@camptocamp/ogc-client finds the collections and reads their features', async () => {
  const endpoint = new OgcApiEndpoint(ogc);
  expect(await endpoint.info).toMatchObject({ title: 'Isobar' });
  expect(await endpoint.hasFeatures).toBe(true);
  expect(await endpoint.featureCollections).toEqual(['devices', 'latest', 'regions']);
  const collection = await endpoint.getCollectionInfo('latest');
  expect(collection).toMatchObject({ id: 'latest', itemFormats: ['application/geo+json'] });
  const items = await endpoint.getCollectionItems('latest', 5, 3);
  expect(items.map(({ id }) => id)).toEqual(values.slice(3, 8).map(({ device, quantity }) => `${device}.${quantity}`));
  const id = devices[0]?.key.did ?? '';
  const item = await endpoint.getCollectionItem('devices', id);
  expect(item).toMatchObject({ id, properties: { name: 'Station 0' } });
});

describe.skipIf(GDAL === null)('GDAL (needs gdal-bin)', () => {
  const gdal = (program: string, ...args: readonly string[]): string =>
    execFileSync(program, args, { encoding: 'utf8', cwd: dir });

  test('ogrinfo lists the layers with geometry, fields and extent', () => {
    expect(gdal('ogrinfo', '-ro', '-q', `OAPIF:${ogc}`)).toBe(
      '1: devices (title: Devices) (Point)\n2: latest (title: Latest hourly means) (Point)\n3: regions (title: Regions) (Polygon)\n',
    );
    const latest = gdal('ogrinfo', '-ro', '-so', `OAPIF:${ogc}`, 'latest');
    expect(latest).toContain(`Feature Count: ${values.length}`);
    expect(latest).toContain('time: DateTime');
    expect(latest).toContain('value: Real');
    expect(latest).toContain('ID["EPSG",4326]');
  });

  test('ogrinfo asks for a box and for a time', () => {
    const box = SPAIN.map(String);
    const inSpain = gdal('ogrinfo', '-ro', '-q', '-spat', ...box, `OAPIF:${ogc}`, 'devices');
    expect((inSpain.match(/Station \d/g) ?? []).toSorted()).toEqual(['Station 0', 'Station 2']);
    const newest = Math.max(...values.map(({ start }) => Date.parse(start)));
    const since = (ms: number) =>
      gdal('ogrinfo', '-ro', '-q', `OAPIF:${ogc}`, 'latest', '-where', `time >= '${rfc3339(ms)}'`);
    expect(since(newest + HOUR_MS)).not.toContain('OGRFeature');
    const seen = since(newest).match(/^OGRFeature/gm) ?? [];
    expect(seen.length).toBe(values.filter(({ start }) => Date.parse(start) >= newest).length);
  });

  test('ogr2ogr copies every layer, page by page, and loses nothing', () => {
    const file = join(dir, 'network.gpkg');
    gdal('ogr2ogr', '-f', 'GPKG', '-oo', 'PAGE_SIZE=3', file, `OAPIF:${ogc}`);
    expect(existsSync(file)).toBe(true);
    const sum = gdal('ogrinfo', '-q', file, '-sql', 'SELECT sum(value) AS total FROM latest');
    expect(Number(/total \(Real\) = ([\d.]+)/.exec(sum)?.[1])).toBeCloseTo(
      values.reduce((all, { value }) => all + value, 0),
      6,
    );
    const count = (layer: string): number =>
      Number(/Feature Count: (\d+)/.exec(gdal('ogrinfo', '-so', file, layer))?.[1]);
    expect(['devices', 'latest', 'regions'].map(count)).toEqual([STATIONS, values.length, 2]);
  });
});
