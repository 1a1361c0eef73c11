/** Closed days as a region writes them to D1, for tests of what is read from there. */
import type { DeviceId, RegionCell } from '../../core/ids.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { hashRuleSet } from '../../core/rules/rule-set.ts';
import { firstHourOf } from '../../core/time.ts';
import { bulkUpsert } from '../../schema/d1/bulk-upsert.ts';
import { deviceDays, type DaySeries } from '../../schema/d1/device-days.ts';
import { devices } from '../../schema/d1/devices.ts';
import { regions } from '../../schema/d1/regions.ts';

export type StoredDevice = {
  readonly device: DeviceId;
  readonly cell: RegionCell;
  readonly status?: 'active' | 'quarantined';
};
export type StoredDayOf = {
  readonly device: DeviceId;
  readonly cell: RegionCell;
  readonly epoch: number;
  readonly series: readonly DaySeries[];
};

/** Regions that have closed all days before `closedEpoch` of the local rule set. */
export async function storeRegions(db: D1Database, cells: readonly RegionCell[], closedEpoch: number): Promise<void> {
  const rows = cells.map((cell) => ({
    cell,
    name: `Region ${cell}`,
    rules: 'local',
    ruleSetHash: hashRuleSet(LOCAL_RULES),
    boundary: [[-370_000, 4_040_000]] as const,
    firstHour: 0,
    closedThrough: firstHourOf(closedEpoch, LOCAL_RULES.time) - 1,
    batches: 0,
    readings: 0,
    stateHash: '00',
    slots: [],
  }));
  await db.batch(bulkUpsert(db, regions, rows, { replace: ['closedThrough'] }));
}

export async function storeDevices(db: D1Database, members: readonly StoredDevice[]): Promise<void> {
  const rows = members.map(({ device, cell, status = 'active' }, at) => ({
    device,
    version: 1,
    cell,
    status,
    owner: '0x00000000000000000000000000000000000000aa',
    displayName: `Station ${at}`,
    place: '87390ca8cffffff',
    latitudeE5: 4_040_000,
    longitudeE5: -370_000 + at,
    elevationM: 650,
    tier: 0,
    density: '87390ca8cffffff',
    claimedMs: 0,
  }));
  await db.batch(bulkUpsert(db, devices, rows, { replace: ['status', 'cell'] }));
}

export async function storeDays(db: D1Database, days: readonly StoredDayOf[]): Promise<void> {
  const rows = days.map((day) => ({
    ...day,
    latitudeE5: 4_040_000,
    longitudeE5: -370_000,
    owner: '0x00000000000000000000000000000000000000aa',
    status: 'active' as const,
    tier: 0,
    density: '87390ca8cffffff',
    claimedMs: 0,
    scoreBps: 9000,
    score30Bps: 9000,
    weeklyBps: 9000,
    eligible: true,
    parts: { availabilityBps: 10_000, integrityBps: 10_000, reliabilityBps: 9000, causes: [], costs: [] },
    late: 0,
    lateSeries: [],
  }));
  await db.batch(bulkUpsert(db, deviceDays, rows, { replace: ['series'] }));
}
