/** Bodies of the admin commands, checked field by field. The first wrong field is named by its JSON pointer. */
import { parseOwnerAddress, parsePlaceCell, parseRegionCell, type DeviceId } from '../../core/ids.ts';
import type { MembershipStatus } from '../../core/region/entry.ts';
import type { RequestRefusal } from '../../core/errors.ts';
import { quantityByCode } from '../../core/reading/quantity.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Registration } from '../adapters/d1/devices.ts';
import { readBody } from '../middleware/body.ts';
import type { EdgeRefusal } from '../middleware/edge-problems.ts';

const MAX_ADMIN_BODY_BYTES = 64 * 1024;
const MAX_NAME_CHARACTERS = 120;
const STATUSES: readonly MembershipStatus[] = ['claimed', 'active', 'quarantined', 'retired'];

type Fields = Readonly<Record<string, unknown>>;
type Checked<T> = Result<T, EdgeRefusal>;

const bad = (pointer: string, detail: string): Checked<never> => err({ reason: 'bad-field', pointer, detail });

export async function readFields(request: Request): Promise<Result<Fields, EdgeRefusal | RequestRefusal>> {
  const body = await readBody(request, MAX_ADMIN_BODY_BYTES);
  if (!body.ok) return body;
  try {
    const fields: unknown = JSON.parse(new TextDecoder().decode(body.value));
    if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) return ok(fields as Fields);
  } catch {
    // A SyntaxError: answered below, as any body that is no object.
  }
  return bad('', 'the body must be a JSON object');
}

export type RegionFields = { readonly name: string; readonly boundary: readonly (readonly [number, number])[] };

/** `boundary`: corners as [longitude, latitude] in 1e-5 degrees, not closed. */
export function parseRegionFields(fields: Fields): Checked<RegionFields> {
  const name = textField(fields, 'name');
  if (!name.ok) return name;
  const corners: unknown = fields['boundary'];
  // An H3 cell has 5 or 6 corners, and up to 10 where it crosses an edge of the icosahedron.
  if (!Array.isArray(corners) || corners.length < 3 || corners.length > 12)
    return bad('/boundary', 'must be an array of 3 to 12 corners');
  const boundary: [number, number][] = [];
  for (const corner of corners as readonly unknown[]) {
    const [longitude, latitude] = Array.isArray(corner) && corner.length === 2 ? (corner as readonly unknown[]) : [];
    if (!isWhole(longitude, 18_000_000) || !isWhole(latitude, 9_000_000)) {
      return bad(`/boundary/${boundary.length}`, 'must be [longitude, latitude] in whole 1e-5 degrees');
    }
    boundary.push([longitude, latitude]);
  }
  return ok({ name: name.value, boundary });
}

/** `operator`: who gets the operator's part of the region's sales; null: the treasury does. */
export function parseOperatorFields(fields: Fields): Checked<string | null> {
  if (fields['operator'] === null) return ok(null);
  const operator = parseOwnerAddress(fields['operator']);
  return operator.ok ? operator : bad('/operator', 'must be an address (0x and 40 hex digits), or null');
}

export type DeviceFields = Registration & {
  /** Present version of the row, 0 where there is none. */
  readonly version: number;
};

export function parseDeviceFields(fields: Fields, device: DeviceId): Checked<DeviceFields> {
  const { version, tier, latitudeE5, longitudeE5, elevationM = null } = fields;
  if (!isWhole(version, Number.MAX_SAFE_INTEGER - 2) || version < 0)
    return bad('/version', 'must be the present version, or 0 for a new device');
  const cell = parseRegionCell(fields['cell']);
  if (!cell.ok) return bad('/cell', 'must be an H3 cell of resolution 3');
  const status = STATUSES.find((known) => known === fields['status']);
  if (status === undefined) return bad('/status', `must be one of ${STATUSES.join(', ')}`);
  const owner = parseOwnerAddress(fields['owner']);
  if (!owner.ok) return bad('/owner', 'must be an address: 0x and 40 hex digits');
  const displayName = textField(fields, 'displayName');
  if (!displayName.ok) return displayName;
  const place = parsePlaceCell(fields['place']);
  if (!place.ok) return bad('/place', 'must be an H3 cell of resolution 7');
  if (!isWhole(latitudeE5, 9_000_000)) return bad('/latitudeE5', 'must be whole 1e-5 degrees');
  if (!isWhole(longitudeE5, 18_000_000)) return bad('/longitudeE5', 'must be whole 1e-5 degrees');
  if (elevationM !== null && (typeof elevationM !== 'number' || !(Math.abs(elevationM) <= 9000)))
    return bad('/elevationM', 'must be metres or null');
  if (tier !== 0 && tier !== 1 && tier !== 2) return bad('/tier', 'must be 0, 1 or 2');
  return ok({
    version,
    cell: cell.value,
    membership: {
      kind: 'membership',
      version,
      device,
      status,
      owner: owner.value,
      displayName: displayName.value,
      place: place.value,
      latitudeE5,
      longitudeE5,
      // The public height; the exact one is not kept here. Adding zero turns -0 into 0.
      elevationM: elevationM === null ? null : Math.round(elevationM / 10) * 10 + 0,
      tier,
      density: place.value,
      claimedMs: 0, // set by whoever knows whether there is a claim already
    },
  });
}

export type MaintenanceFields = { readonly fromMs: number; readonly untilMs: number };

export function parseMaintenanceFields(fields: Fields): Checked<MaintenanceFields> {
  const fromMs = timeField(fields, 'from');
  if (!fromMs.ok) return fromMs;
  const untilMs = timeField(fields, 'until');
  if (!untilMs.ok) return untilMs;
  return untilMs.value > fromMs.value
    ? ok({ fromMs: fromMs.value, untilMs: untilMs.value })
    : bad('/until', 'must be after from');
}

export type RecallFields = {
  readonly quantities: readonly number[] | null;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly reason: string;
};

export function parseRecallFields(fields: Fields): Checked<RecallFields> {
  const times = parseMaintenanceFields(fields);
  if (!times.ok) return times;
  const reason = textField(fields, 'reason');
  if (!reason.ok) return reason;
  const { quantities = null } = fields;
  if (quantities === null) return ok({ ...times.value, quantities, reason: reason.value });
  if (!Array.isArray(quantities) || quantities.length === 0) return bad('/quantities', 'must be an array of codes');
  const indexes: number[] = [];
  for (const [at, code] of (quantities as readonly unknown[]).entries()) {
    const quantity = typeof code === 'string' ? quantityByCode(code) : undefined;
    if (quantity === undefined) return bad(`/quantities/${at}`, 'must be a code of the catalogue');
    indexes.push(quantity.index);
  }
  return ok({ ...times.value, quantities: [...new Set(indexes)].toSorted((a, b) => a - b), reason: reason.value });
}

function textField(fields: Fields, name: string): Checked<string> {
  const value = fields[name];
  const fits = typeof value === 'string' && value.trim() !== '' && value.length <= MAX_NAME_CHARACTERS;
  // A byte order mark in front of a name is lost where the log is read again; white space says nothing.
  return fits ? ok(value.trim()) : bad(`/${name}`, `must be text of 1 to ${MAX_NAME_CHARACTERS} characters`);
}

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:Z|[+-]\d\d:\d\d)$/;

function timeField(fields: Fields, name: string): Checked<number> {
  const value = fields[name];
  const ms = typeof value === 'string' && RFC3339.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? bad(`/${name}`, 'must be an RFC 3339 time') : ok(ms);
}

function isWhole(value: unknown, limit: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && Math.abs(value) <= limit;
}
