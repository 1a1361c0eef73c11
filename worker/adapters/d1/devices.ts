/** The registry: one row a device, changed by compare-and-set on its version. */
import { and, eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { parseRegionCell, type DeviceId, type RegionCell } from '../../../core/ids.ts';
import { signedActText } from '../../../core/lifecycle/signed-act.ts';
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
 * was written. `beside` is carried out in the same transaction, after it, whether it was written or not.
 */
export async function replaceDevice(
  db: D1Database,
  registration: Registration,
  expected: number,
  past: Pick<DevicePast, 'cameFrom'>,
  beside: readonly D1PreparedStatement[] = [],
): Promise<boolean> {
  const [written] = await db.batch([replaceStatement(db, registration, expected, past), ...beside]);
  return written?.results.length === 1;
}

export function replaceStatement(
  db: D1Database,
  registration: Registration,
  expected: number,
  { cameFrom }: Pick<DevicePast, 'cameFrom'>,
): D1PreparedStatement {
  const { kind: _kind, act, ...facts } = registration.membership;
  const row = { ...facts, cell: registration.cell, cameFrom, act: act === undefined ? null : signedActText(act) };
  const version = { version: devices.version };
  const { sql, params } =
    expected === 0
      ? drizzle(db).insert(devices).values(row).onConflictDoNothing().returning(version).toSQL()
      : drizzle(db)
          .update(devices)
          .set(row)
          .where(and(eq(devices.device, row.device), eq(devices.version, expected)))
          .returning(version)
          .toSQL();
  return db.prepare(sql).bind(...params);
}
