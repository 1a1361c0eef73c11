/** Which keys are one device's, and whose it was: of keys that served. */
import type { Predecessors } from '../../../core/reward/key-holder.ts';
import type { DeviceFacts } from '../../../core/reward/usage.ts';

/** All keys of the devices of the keys ?1. */
const KIN = `
  WITH RECURSIVE kin(served, key) AS (
    SELECT value, value FROM json_each(?1)
    UNION SELECT served, predecessor FROM kin JOIN device ON device.device = kin.key WHERE predecessor IS NOT NULL
    UNION SELECT served, device.device FROM kin JOIN device ON device.predecessor = kin.key
  )`;

export async function readPredecessors(db: D1Database, keys: readonly string[]): Promise<Predecessors> {
  if (keys.length === 0) return new Map();
  const { results } = await db
    .prepare(
      `${KIN} SELECT DISTINCT device, predecessor FROM kin JOIN device ON device.device = kin.key
       WHERE predecessor IS NOT NULL`,
    )
    .bind(JSON.stringify(keys))
    .all<{ readonly device: string; readonly predecessor: string }>();
  return new Map(results.map(({ device, predecessor }) => [device, predecessor]));
}

/** By the key that served, as of the last day up to the epoch that its device has under any key; of those that have one. */
export async function readDeviceFacts(
  db: D1Database,
  epoch: number,
  keys: readonly string[],
): Promise<readonly DeviceFacts[]> {
  if (keys.length === 0) return [];
  const { results } = await db
    .prepare(
      // SQLite takes the bare columns from the row that has the maximum.
      `${KIN} SELECT served AS device, owner, cell, max(epoch) AS epoch FROM kin JOIN device_day ON device_day.device = kin.key
       WHERE epoch <= ?2 GROUP BY served ORDER BY served`,
    )
    .bind(JSON.stringify(keys), epoch)
    .all<DeviceFacts>();
  return results.map(({ device, owner, cell }) => ({ device, owner, cell }));
}
