/** Rows of a closed day as regions publish them: every fifth device shares its density cell with the one before. */
import { ALIKE_EPOCHS } from '../../core/reward/alike.ts';
import type { DeviceDay } from '../../core/reward/weight.ts';
import { firstHourOf } from '../../core/time.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import { lastHourOf } from '../../core/reward/closable.ts';

export const DEVICES_PER_REGION = 1000;
const ROWS_AT_ONCE = 500;
const HOURS = 24;

export function dayOf(n: number): DeviceDay {
  const isCrowded = n % 5 === 4;
  return {
    device: `did:key:z6Mk${'b'.repeat(36)}${String(n).padStart(8, '0')}`,
    cell: cellOf(Math.floor(n / DEVICES_PER_REGION)),
    owner: `0x${String(Math.floor(n / 2)).padStart(40, '0')}`,
    status: 'active',
    tier: n % 3,
    density: `place-${isCrowded ? n - 1 : n}`,
    claimedMs: n,
    scoreBps: 6000 + ((n * 7919) % 4000),
    score30Bps: 6000 + ((n * 104_729) % 4000),
    eligible: true,
  };
}

export const cellOf = (region: number): string => `83${(0x3900 + region).toString(16).padStart(4, '0')}fffffffff`;

/** Of two quantities; each device has a course of its own. */
function seriesOf(n: number, epoch: number): string {
  const hours = (base: number) =>
    Array.from({ length: HOURS }, (_, hour) => [4, 4 * (base + ((hour * 37 + epoch * 11 + n * 101) % 997)), 1, 0]);
  return JSON.stringify([
    { quantity: 1, hours: hours(120) },
    { quantity: 3, hours: hours(1500) },
  ]);
}

/** The day of all devices, and for those in a shared density cell the six days before. */
export async function seedEpoch(db: D1Database, devices: number, epoch: number): Promise<void> {
  const regions = Math.ceil(devices / DEVICES_PER_REGION);
  const { time } = MAIN_RULES;
  const region = db.prepare(
    `INSERT INTO region (cell, name, rules, rule_set_hash, boundary, first_hour, closed_through, batches, readings, state_hash)
     VALUES (?, '', 'main', '', '[]', ?, ?, 1, 1, '')`,
  );
  const seal = db.prepare(
    `INSERT INTO region_hour (cell, hour, cells, segment_key, segment_root, from_seq, to_seq) VALUES (?, ?, '[]', ?, ?, ?, ?)`,
  );
  for (let at = 0; at < regions; at++) {
    const hours = Array.from({ length: HOURS }, (_, hour) => firstHourOf(epoch, time) + hour);
    await db.batch([
      region.bind(cellOf(at), firstHourOf(epoch, time), lastHourOf(epoch, time)),
      ...hours.map((hour) => seal.bind(cellOf(at), hour, `key-${hour}`, 'ab'.repeat(32), hour, hour)),
    ]);
  }
  const day = db.prepare(
    `INSERT INTO device_day (device, epoch, cell, owner, status, tier, density, claimed_ms, score_bps, score30_bps,
       weekly_bps, eligible, parts, series, late, late_series, latitude_e5, longitude_e5)
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, 'active', value ->> 4, value ->> 5, value ->> 6, value ->> 7,
       value ->> 8, 9000, 1, '{}', value ->> 9, 0, '[]', 0, 0 FROM json_each(?)`,
  );
  for (let from = 0; from < devices; from += ROWS_AT_ONCE) {
    const rows = Array.from({ length: Math.min(ROWS_AT_ONCE, devices - from) }, (_, n) => from + n).flatMap((n) => {
      const { device, cell, owner, tier, density, claimedMs, scoreBps, score30Bps } = dayOf(n);
      const back = n % 5 >= 3 ? ALIKE_EPOCHS : 1;
      return Array.from({ length: back }, (_, days) => epoch - days).map((of) => [
        device,
        of,
        cell,
        owner,
        tier,
        density,
        claimedMs,
        scoreBps,
        score30Bps,
        seriesOf(n, of),
      ]);
    });
    await day.bind(JSON.stringify(rows)).run();
  }
}
