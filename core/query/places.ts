/** The parameters of the free routes about devices, parsed once into a narrow type. */
import { parseDeviceId, type DeviceId } from '../ids.ts';
import { QUANTITIES, quantityByCode, type Quantity } from '../reading/quantity.ts';
import type { MembershipStatus } from '../region/entry.ts';
import { err, ok, type Result } from '../result.ts';
import { bboxText, parseBbox, parseCells, type Area } from './area.ts';
import { openCursor, sealCursor } from './cursor.ts';
import type { QueryRefusal } from './errors.ts';
import { chooseFormat, type Format } from './formats.ts';
import { bad, collectParameters, parseWhole, someOf, type Given, type Parameters } from './parameters.ts';

export const PLACE_FORMATS = ['json', 'csv', 'geojson'] as const satisfies readonly Format[];
export type PlaceFormat = (typeof PLACE_FORMATS)[number];

const STATUSES = ['claimed', 'active', 'quarantined', 'retired'] as const satisfies readonly MembershipStatus[];
export const MAX_PLACES = 1000;
const USUAL_PLACES = 100;
export const MAX_NAMED = 100;

/** Region, device and index of the quantity of the last item that was given. */
export type At = readonly [cell: string, device: string, index: number];

export type PlacesRequest = {
  readonly area: Area | null;
  /** Null: whichever. Only `/v1/latest` takes them by name. */
  readonly devices: readonly DeviceId[] | null;
  /** Null: all of the catalogue. */
  readonly quantities: readonly Quantity[] | null;
  readonly statuses: readonly MembershipStatus[];
  readonly format: PlaceFormat;
  readonly limit: number;
  readonly after: At | null;
  /** What a cursor belongs to. */
  readonly canonical: string;
};

export type PlacesRoute = 'devices' | 'latest';

const KNOWN = {
  devices: { lists: ['cell', 'quantity', 'status'], singles: ['bbox', 'format', 'limit', 'cursor'] },
  latest: { lists: ['cell', 'quantity', 'device'], singles: ['bbox', 'format', 'limit', 'cursor'] },
} as const;

export function parsePlacesRequest(
  route: PlacesRoute,
  parameters: Parameters,
  accept: string | undefined,
  cursorKey: string,
): Result<PlacesRequest, QueryRefusal> {
  const given = collectParameters(parameters, KNOWN[route]);
  if (!given.ok) return given;
  const single = (name: string) => given.value.get(name)?.[0];
  const area = parseArea(given.value);
  if (!area.ok) return area;
  const devices = parseDevices(given.value.get('device'));
  if (!devices.ok) return devices;
  if (area.value !== null && devices.value !== null)
    return err({
      reason: 'bad-combination',
      parameter: 'device',
      detail: 'Devices are named, or found by where they are.',
    });
  const quantities = parseQuantities(given.value.get('quantity'));
  if (!quantities.ok) return quantities;
  const statuses = parseStatuses(route, given.value.get('status'));
  if (!statuses.ok) return statuses;
  const format = chooseFormat({ format: single('format'), accept }, PLACE_FORMATS);
  if (!format.ok) return format;
  const limit = parseWhole('limit', single('limit') ?? String(USUAL_PLACES), { least: 1, most: MAX_PLACES });
  if (!limit.ok) return limit;
  const parsed = {
    area: area.value,
    devices: devices.value,
    quantities: quantities.value,
    statuses: statuses.value,
    format: format.value,
    limit: limit.value,
  };
  const canonical = `${route}?${canonicalPlaces(parsed)}`;
  const after = parseAfter(single('cursor'), cursorKey, canonical);
  return after.ok ? ok({ ...parsed, after: after.value, canonical }) : after;
}

export function parseArea(given: Given): Result<Area | null, QueryRefusal> {
  const bbox = given.get('bbox')?.[0];
  const cells = given.get('cell');
  if (bbox !== undefined && cells !== undefined)
    return err({ reason: 'bad-combination', parameter: 'cell', detail: 'An area is a bbox, or cells, not both.' });
  if (bbox !== undefined) {
    const parsed = parseBbox(bbox);
    return parsed.ok ? ok({ kind: 'bbox', bbox: parsed.value }) : parsed;
  }
  if (cells === undefined) return ok(null);
  const parsed = parseCells(cells);
  return parsed.ok ? ok({ kind: 'cells', cells: parsed.value }) : parsed;
}

export function parseAfter(
  cursor: string | undefined,
  key: string,
  canonical: string,
): Result<At | null, QueryRefusal> {
  if (cursor === undefined) return ok(null);
  const opened = openCursor(key, canonical, cursor);
  if (!opened.ok) return opened;
  const [cell, device, index] = opened.value;
  return typeof cell === 'string' && typeof device === 'string' && typeof index === 'number'
    ? ok([cell, device, index])
    : err({ reason: 'bad-cursor' });
}

/** The same address with the cursor of the next page. */
export function nextAddress(url: string, key: string, canonical: string, next: At | null): string | null {
  if (next === null) return null;
  const [address = '', query = ''] = url.split('?');
  const parameters = new URLSearchParams(query);
  parameters.delete('offset');
  parameters.set('cursor', sealCursor(key, canonical, next));
  return `${address}?${parameters.toString()}`;
}

/** Neither limit nor format: another page of the same things may be of another size. */
function canonicalPlaces({
  area,
  devices,
  quantities,
  statuses,
}: Pick<PlacesRequest, 'area' | 'devices' | 'quantities' | 'statuses'>): string {
  return [areaText(area), devices?.join(','), quantities?.map(({ code }) => code).join(','), statuses.join(',')].join(
    '&',
  );
}

export function areaText(area: Area | null): string {
  if (area === null) return '';
  return area.kind === 'bbox' ? bboxText(area.bbox) : area.cells.map(({ cell }) => cell).join(',');
}

function parseDevices(texts: readonly string[] | undefined): Result<readonly DeviceId[] | null, QueryRefusal> {
  if (texts === undefined) return ok(null);
  const unique = new Set<DeviceId>();
  for (const text of texts) {
    const parsed = parseDeviceId(text);
    if (!parsed.ok) return bad('device', text, 'a did:key of Ed25519 or P-256');
    unique.add(parsed.value);
  }
  if (unique.size > MAX_NAMED)
    return err({ reason: 'too-many-values', parameter: 'device', count: unique.size, limit: MAX_NAMED });
  return ok([...unique].toSorted());
}

function parseQuantities(texts: readonly string[] | undefined): Result<readonly Quantity[] | null, QueryRefusal> {
  if (texts === undefined) return ok(null);
  const codes = someOf(
    'quantity',
    texts,
    QUANTITIES.map(({ code }) => code),
  );
  return codes.ok ? ok(codes.value.flatMap((code) => quantityByCode(code) ?? [])) : codes;
}

/** The values of a quarantined device are nobody's news; it still stands on the map. */
function parseStatuses(
  route: PlacesRoute,
  texts: readonly string[] | undefined,
): Result<readonly MembershipStatus[], QueryRefusal> {
  if (route === 'latest') return ok(['active']);
  return texts === undefined ? ok(['claimed', 'active', 'quarantined']) : someOf('status', texts, STATUSES);
}
