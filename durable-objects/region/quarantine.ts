/**
 * The registry follows the fold: a device that was proven to be two is quarantined in its row as well. What is left to do is read
 * from the state, so that it is done after an eviction, too; the row's version decides between this and other changes.
 */
import { and, eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { statusOf } from '../../core/region/chain.ts';
import type { MembershipBody } from '../../core/region/entry.ts';
import type { DeviceState, RegionState } from '../../core/region/state.ts';
import { devices } from '../../schema/d1/devices.ts';
import { logLine } from '../log.ts';
import { readMembership } from './registry.ts';

/** The registry does not know it yet. */
function isAhead(device: DeviceState): boolean {
  return statusOf(device) !== device.membership.status;
}

/** @return the entries that repeat the rows as they are now */
export async function quarantineClones(state: RegionState, db: D1Database): Promise<readonly MembershipBody[]> {
  const cell = state.charter?.cell;
  const entries: MembershipBody[] = [];
  for (const { membership } of state.devices.filter(isAhead)) {
    const { device } = membership;
    const found = await readMembership(db, device);
    // Moved to another region, whose log tells it to this one; or lost by D1, until a refold brings it back.
    if (found === null || found.cell !== cell) continue;
    const row = found.membership;
    // Its successor's row comes first, and the registry tells it.
    if (row.status === 'retired' && row.act?.act.kind === 'rotate') continue;
    if (row.status === 'quarantined' || row.status === 'retired') {
      if (row.version > membership.version) entries.push(row);
      continue;
    }
    const version = row.version + 1;
    const changed = await drizzle(db)
      .update(devices)
      .set({ status: 'quarantined', version, act: null })
      .where(and(eq(devices.device, device), eq(devices.version, row.version)))
      .returning({ version: devices.version });
    // Somebody else was faster: the next alarm looks again.
    if (changed.length === 0) throw new Error(`the row of ${device} has changed`);
    logLine({ code: 'clone-quarantined', region: cell, device, version });
    // The fold's word, not that of whoever signed the version before.
    const { act: _act, ...facts } = row;
    entries.push({ ...facts, status: 'quarantined', version });
  }
  return entries;
}
