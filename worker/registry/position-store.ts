/**
 * Exact positions. Private: for the density rule and for checking commitments. Places are taken one after the other, by
 * `seq`: whoever finds it taken has not seen the place before its own and decides again.
 */
import { and, asc, between, max, ne } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { parsePlaceCell, type DeviceId, type PlaceCell } from '../../core/ids.ts';
import { densityOf, type ExactPosition, type Settled } from '../../core/lifecycle/position.ts';
import { devicePositions } from '../../schema/d1/registry.ts';
import { GUARD, guardValues, type Guard } from './act-store.ts';

/** 500 m and a margin, 1e-7 degrees of latitude. */
const REACH_E7 = 46_000;

export type Seat = { readonly seq: number; readonly density: PlaceCell };

/** Where a device that comes to this position now stands in the order, and whose density cell it shares. */
export async function findSeat(
  db: D1Database,
  device: DeviceId,
  position: ExactPosition,
  place: PlaceCell,
): Promise<Seat> {
  const orm = drizzle(db);
  const { latitudeE7 } = position;
  const [highest, near] = await orm.batch([
    orm.select({ seq: max(devicePositions.seq) }).from(devicePositions),
    orm
      .select()
      .from(devicePositions)
      .where(
        and(
          between(devicePositions.latitudeE7, latitudeE7 - REACH_E7, latitudeE7 + REACH_E7),
          ne(devicePositions.device, device),
        ),
      )
      .orderBy(asc(devicePositions.seq)),
  ]);
  const settled = near.flatMap(({ latitudeE7: latitude, longitudeE7, density }): Settled[] => {
    const cell = parsePlaceCell(density);
    return latitude === null || longitudeE7 === null || !cell.ok
      ? []
      : [{ latitudeE7: latitude, longitudeE7, density: cell.value }];
  });
  return { seq: (highest[0]?.seq ?? 0) + 1, density: densityOf(position, place, settled) };
}

/** Throws `isSeatTaken` where another device has taken the place in the order meanwhile; then nothing is written. */
export function settleStatement(
  db: D1Database,
  device: DeviceId,
  { seq, density }: Seat,
  { latitudeE7, longitudeE7, elevationCm, heightCm, salt }: ExactPosition,
  guard: Guard,
): D1PreparedStatement {
  const set = ['seq', 'density', 'latitude_e7', 'longitude_e7', 'elevation_cm', 'height_cm', 'salt'];
  return db
    .prepare(
      `INSERT INTO device_position (device, ${set.join(', ')}) SELECT ?, ?, ?, ?, ?, ?, ?, ? WHERE ${GUARD} ` +
        `ON CONFLICT (device) DO UPDATE SET ${set.map((name) => `${name} = excluded.${name}`).join(', ')}`,
    )
    .bind(device, seq, density, latitudeE7, longitudeE7, elevationCm, heightCm, salt, ...guardValues(guard));
}

export function isSeatTaken(error: unknown): boolean {
  return String(error).includes('UNIQUE constraint failed: device_position.seq');
}

/** The device's place in the order stays, so that no later one gets it. */
export function forgetStatement(db: D1Database, device: DeviceId, guard: Guard): D1PreparedStatement {
  return db
    .prepare(
      'UPDATE device_position SET latitude_e7 = NULL, longitude_e7 = NULL, elevation_cm = NULL, height_cm = NULL, ' +
        `salt = NULL WHERE device = ? AND ${GUARD}`,
    )
    .bind(device, ...guardValues(guard));
}

/** The successor stands where the device stood, in the order, too. */
export function handOnStatement(
  db: D1Database,
  device: DeviceId,
  successor: DeviceId,
  guard: Guard,
): D1PreparedStatement {
  return db
    .prepare(`UPDATE device_position SET device = ? WHERE device = ? AND ${GUARD}`)
    .bind(successor, device, ...guardValues(guard));
}
