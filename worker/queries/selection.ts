/** The devices that a query is about and that are sold. A quarantined device is left out of its area, and refused by name. */
import { isRegionCell } from '../../core/cell.ts';
import type { SelectionRefusal } from '../../core/query/errors.ts';
import { MAX_AREA_DEVICES, scopeParts, type AreaScope, type Scope } from '../../core/query/scope.ts';
import { err, ok, type Result } from '../../core/result.ts';
import {
  isRegion,
  readSelection,
  type EpochSpan,
  type Selection,
  type SoldDevice,
} from '../adapters/d1/observations.ts';

export async function selectDevices(
  db: D1Database,
  scope: Scope,
  span: EpochSpan,
  withDays: boolean,
): Promise<Result<Selection, SelectionRefusal>> {
  const selection = await readSelection(db, scope, span, withDays);
  const found = selection.devices;
  if (scope.kind === 'area') return inArea(db, scope, selection);
  for (const device of scope.devices) {
    const row = found.find((candidate) => candidate.device === device);
    if (row === undefined) return err({ reason: 'unknown-device', device });
    if (row.status === 'quarantined') return err({ reason: 'device-not-sold', device });
  }
  return ok(selection);
}

async function inArea(
  db: D1Database,
  scope: AreaScope,
  selection: Selection,
): Promise<Result<Selection, SelectionRefusal>> {
  if (selection.devices.length > MAX_AREA_DEVICES) return err({ reason: 'area-too-large', limit: MAX_AREA_DEVICES });
  const sold: readonly SoldDevice[] = selection.devices.filter((device) => device.status !== 'quarantined');
  if (sold.length > 0) return ok({ ...selection, devices: sold });
  const unknown = selection.devices.length === 0 ? await unknownRegion(db, scope) : null;
  return err(unknown ?? { reason: 'nothing-for-sale', area: scopeParts(scope).join(', ') });
}

/** A cell that nobody has opened is more likely a mistake than a wish. */
async function unknownRegion(db: D1Database, { area }: AreaScope): Promise<SelectionRefusal | null> {
  if (area.kind !== 'cells' || area.cells.length !== 1) return null;
  const region = area.cells.find(isRegionCell);
  if (region === undefined || (await isRegion(db, region.cell))) return null;
  return { reason: 'unknown-region', cell: region.cell };
}
