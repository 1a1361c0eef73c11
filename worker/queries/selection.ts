/** The devices that a query is about and that are sold. A quarantined device is left out of its area, and refused by name. */
import { isRegionCell } from '../../core/cell.ts';
import type { OwnerAddress } from '../../core/ids.ts';
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

type Wishes = {
  /** The closed days of the span along with the devices. */
  readonly withDays: boolean;
  readonly withQuarantined: boolean;
  /** What is not sold is still its owner's. */
  readonly asker: OwnerAddress | null;
};

export const ONLY_SOLD: Wishes = { withDays: false, withQuarantined: false, asker: null };

export async function selectDevices(
  db: D1Database,
  scope: Scope,
  span: EpochSpan,
  wishes: Wishes,
): Promise<Result<Selection, SelectionRefusal>> {
  const selection = await readSelection(db, scope, span, wishes.withDays);
  const found = selection.devices;
  if (scope.kind === 'area') return inArea(db, scope, selection, wishes);
  for (const device of scope.devices) {
    const row = found.find((candidate) => candidate.device === device);
    if (row === undefined) return err({ reason: 'unknown-device', device });
    if (!isGiven(row, wishes)) return err({ reason: 'device-not-sold', device });
  }
  return ok(selection);
}

async function inArea(
  db: D1Database,
  scope: AreaScope,
  selection: Selection,
  wishes: Wishes,
): Promise<Result<Selection, SelectionRefusal>> {
  if (selection.devices.length > MAX_AREA_DEVICES) return err({ reason: 'area-too-large', limit: MAX_AREA_DEVICES });
  const sold: readonly SoldDevice[] = selection.devices.filter((device) => isGiven(device, wishes));
  if (sold.length > 0) return ok({ ...selection, devices: sold });
  const unknown = selection.devices.length === 0 ? await unknownRegion(db, scope) : null;
  return err(unknown ?? { reason: 'nothing-for-sale', area: scopeParts(scope).join(', ') });
}

function isGiven({ status, owner }: SoldDevice, { withQuarantined, asker }: Wishes): boolean {
  return withQuarantined || status !== 'quarantined' || owner === asker;
}

/** A cell that nobody has opened is more likely a mistake than a wish. */
async function unknownRegion(db: D1Database, { area }: AreaScope): Promise<SelectionRefusal | null> {
  if (area.kind !== 'cells' || area.cells.length !== 1) return null;
  const region = area.cells.find(isRegionCell);
  if (region === undefined || (await isRegion(db, region.cell))) return null;
  return { reason: 'unknown-region', cell: region.cell };
}
