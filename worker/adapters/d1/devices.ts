/** The registry: one row a device, changed by compare-and-set on its version. */
import { and, eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { parseRegionCell, type DeviceId, type RegionCell } from '../../../core/ids.ts';
import type { MembershipBody } from '../../../core/region/entry.ts';
import type { DevicePast } from '../../../durable-objects/region/api.ts';
import { readMembership } from '../../../durable-objects/region/registry.ts';
import { devices } from '../../../schema/d1/devices.ts';

/** A device's row, in the words of the log. */
export type Registration = { readonly cell: RegionCell; readonly membership: MembershipBody };
export type KnownDevice = Registration & { readonly past: DevicePast };

export async function readDevice(db: D1Database, device: DeviceId): Promise<KnownDevice | null> {
  const found = await readMembership(db, device);
  if (found === null) return null;
  const cell = parseRegionCell(found.cell);
  if (!cell.ok) throw new Error(`the registry's row of ${device} names no region`);
  return { cell: cell.value, membership: found.membership, past: found.past };
}

/**
 * Writes the registration over version `expected` (0: there is no row yet). False: another version is there, and nothing
 * was written.
 */
export async function replaceDevice(
  db: D1Database,
  registration: Registration,
  expected: number,
  { cameFrom }: Pick<DevicePast, 'cameFrom'>,
): Promise<boolean> {
  const { kind: _kind, ...facts } = registration.membership;
  const row = { ...facts, cell: registration.cell, cameFrom };
  if (expected === 0) {
    const inserted = await drizzle(db)
      .insert(devices)
      .values(row)
      .onConflictDoNothing()
      .returning({ version: devices.version });
    return inserted.length === 1;
  }
  const updated = await drizzle(db)
    .update(devices)
    .set(row)
    .where(and(eq(devices.device, row.device), eq(devices.version, expected)))
    .returning({ version: devices.version });
  return updated.length === 1;
}
