/** Whose data is asked for: devices by name, or an area. */
import { parseDeviceId, type DeviceId } from '../ids.ts';
import { err, ok, type Result } from '../result.ts';
import { bboxText, parseBbox, parseCells, type Area } from './area.ts';
import type { QueryRefusal } from './errors.ts';
import { bad, type Given } from './parameters.ts';

export type Scope = DevicesScope | AreaScope;
export type DevicesScope = { readonly kind: 'devices'; readonly devices: readonly DeviceId[] };
export type AreaScope = { readonly kind: 'area'; readonly area: Area };

export const SCOPE_LISTS = ['device', 'cell'];
export const SCOPE_SINGLES = ['bbox'];
export const MAX_DEVICES = 100;
/** What an area may hold; a larger one is an export. */
export const MAX_AREA_DEVICES = 1000;

export function parseScope(given: Given, mostDevices = MAX_DEVICES): Result<Scope, QueryRefusal> {
  const devices = given.get('device');
  const cells = given.get('cell');
  const bbox = given.get('bbox')?.[0];
  if ([devices, cells, bbox].filter((named) => named !== undefined).length !== 1)
    return err({ reason: 'one-of', parameters: ['device', 'cell', 'bbox'] });
  if (cells !== undefined) {
    const parsed = parseCells(cells);
    return parsed.ok ? ok({ kind: 'area', area: { kind: 'cells', cells: parsed.value } }) : parsed;
  }
  if (bbox !== undefined) {
    const parsed = parseBbox(bbox);
    return parsed.ok ? ok({ kind: 'area', area: { kind: 'bbox', bbox: parsed.value } }) : parsed;
  }
  return parseDevices(devices ?? [], mostDevices);
}

export function parseDevices(texts: readonly string[], limit: number): Result<DevicesScope, QueryRefusal> {
  const unique = new Set<DeviceId>();
  for (const text of texts) {
    const parsed = parseDeviceId(text);
    if (!parsed.ok) return bad('device', text, 'a did:key of Ed25519 or P-256');
    unique.add(parsed.value);
  }
  if (unique.size > limit) return err({ reason: 'too-many-values', parameter: 'device', count: unique.size, limit });
  return ok({ kind: 'devices', devices: [...unique].toSorted() });
}

/** One form for every spelling, as parts of a query string. */
export function scopeParts(scope: Scope): readonly string[] {
  if (scope.kind === 'devices') return scope.devices.map((device) => `device=${device}`);
  const { area } = scope;
  return area.kind === 'bbox' ? [`bbox=${bboxText(area.bbox)}`] : area.cells.map(({ cell }) => `cell=${cell}`);
}
