/**
 * A device's new key in the registry: the old row is retired and the successor's stands beside it, both or neither. The
 * region takes the slot over when it is told, or when the successor first posts.
 */
import type { RegionRefusal } from '../../core/errors.ts';
import type { DeviceId } from '../../core/ids.ts';
import { err, type Result } from '../../core/result.ts';
import type { EdgeBindings } from '../env.ts';
import type { EdgeRefusal } from '../middleware/edge-problems.ts';
import { readDevice } from './d1/devices.ts';
import { tellRegion } from './register-device.ts';

type Bindings = Pick<EdgeBindings, 'DB' | 'REGION'>;

/** A tier above 0 was granted to the old key for what was shown of it: nothing is known of the new one. */
const SUCCESSOR = `
  INSERT INTO device (device, version, cell, status, owner, display_name, place, latitude_e5, longitude_e5, elevation_m,
    tier, density, claimed_ms, predecessor)
  SELECT ?2, 1, cell, status, owner, display_name, place, latitude_e5, longitude_e5, elevation_m,
    0, density, claimed_ms, device
  FROM device WHERE device = ?1 AND version = ?3 AND status <> 'retired'
  ON CONFLICT DO NOTHING`;

const RETIRE = `
  UPDATE device SET status = 'retired', version = version + 1
  WHERE device = ?1 AND version = ?3 AND EXISTS (SELECT 1 FROM device WHERE device = ?2 AND predecessor = ?1)`;

/** `expected`: version of the old key's row. Answers the successor's. The same call again does what is left to do. */
export async function rotateDevice(
  { DB, REGION }: Bindings,
  device: DeviceId,
  successor: DeviceId,
  expected: number,
): Promise<Result<number, EdgeRefusal | RegionRefusal>> {
  await DB.batch([SUCCESSOR, RETIRE].map((statement) => DB.prepare(statement).bind(device, successor, expected)));
  const now = await readDevice(DB, successor);
  if (now?.past.predecessor === device) return tellRegion({ DB, REGION }, now, now.past);
  const old = await readDevice(DB, device);
  return err({ reason: 'version-conflict', current: old?.membership.version ?? 0 });
}
