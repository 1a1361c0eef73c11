/** The registry's word on a device, for a region that has not heard of it yet. */
import { drizzle } from 'drizzle-orm/d1';
import { eq } from 'drizzle-orm';
import { parseDeviceId, parseOwnerAddress, parsePlaceCell, parseRegionCell } from '../../core/ids.ts';
import type { DeviceId } from '../../core/ids.ts';
import { signedActOfText, type SignedAct } from '../../core/lifecycle/signed-act.ts';
import type { MembershipBody } from '../../core/region/entry.ts';
import { ok } from '../../core/result.ts';
import { devices } from '../../schema/d1/devices.ts';
import type { DevicePast } from './api.ts';

export async function readMembership(
  db: D1Database,
  device: DeviceId,
): Promise<{ readonly cell: string; readonly membership: MembershipBody; readonly past: DevicePast } | null> {
  const [row] = await drizzle(db).select().from(devices).where(eq(devices.device, device)).limit(1);
  if (row === undefined) return null;
  const { cell, device: did, owner, place, density, tier, act, predecessor, cameFrom, ...facts } = row;
  const checked = {
    device: parseDeviceId(did),
    owner: parseOwnerAddress(owner),
    place: parsePlaceCell(place),
    density: parsePlaceCell(density),
    predecessor: predecessor === null ? ok(null) : parseDeviceId(predecessor),
    cameFrom: cameFrom === null ? ok(null) : parseRegionCell(cameFrom),
  };
  if (
    !checked.device.ok ||
    !checked.owner.ok ||
    !checked.place.ok ||
    !checked.density.ok ||
    !checked.predecessor.ok ||
    !checked.cameFrom.ok ||
    (tier !== 0 && tier !== 1 && tier !== 2)
  ) {
    throw new Error(`the registry's row of ${device} is malformed`);
  }
  return {
    cell,
    past: { predecessor: checked.predecessor.value, cameFrom: checked.cameFrom.value },
    membership: {
      kind: 'membership',
      version: facts.version,
      device: checked.device.value,
      status: facts.status,
      owner: checked.owner.value,
      displayName: facts.displayName,
      place: checked.place.value,
      latitudeE5: facts.latitudeE5,
      longitudeE5: facts.longitudeE5,
      elevationM: facts.elevationM,
      tier,
      density: checked.density.value,
      claimedMs: facts.claimedMs,
      ...(act === null ? {} : { act: signedActOfText(act) }),
    },
  };
}

/** What made `successor` of this key. It stands in the old key's row for ever; null: the operator's word. */
export async function readRotation(db: D1Database, key: DeviceId, successor: DeviceId): Promise<SignedAct | null> {
  const signed = (await readMembership(db, key))?.membership.act;
  return signed?.act.kind === 'rotate' && signed.act.successor === successor ? signed : null;
}
