/** The log that a region object would have written over a data set: one region, the clock is the receipt. */
import { join } from 'node:path';
import type { LogEntry } from '../../core/region/entry.ts';
import { quantityByIndex } from '../../core/reading/quantity.ts';
import type { Reading } from '../../core/reading/reading.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import { hourOf } from '../../core/time.ts';
import { readRows, readStations, toSteps, type Row, type Station } from '../../scripts/qc/data-set.ts';
import { inOrder, loadSlice, type Slice } from './slice-replay.ts';
import { memberOf, TestLog } from './region-log.ts';

/**
 * With ISOBAR_QC_DATA, a folder of development sets, a whole one of them; else a slice that the repository has. The
 * stations keep their places to 1e-5 degrees: engines must not be compared by the map library's trigonometry.
 */
export async function dataSetLog(): Promise<readonly LogEntry[]> {
  const folder = process.env['ISOBAR_QC_DATA'];
  if (folder === undefined) return logOf(await loadSlice('beijing-2013-12'));
  const set = join(folder, 'injected-beijing-2013');
  const rows: Row[] = [];
  for await (const row of readRows(join(set, 'readings.csv.gz'))) rows.push(row);
  return logOf({ stations: await readStations(join(set, 'stations.csv')), rows: inOrder(rows) });
}

export function logOf({ stations, rows }: Slice): readonly LogEntry[] {
  const startMs = rows[0]?.receivedMs ?? 0;
  const log = new TestLog(0, MAIN_RULES, startMs);
  for (const [slot, { latitude, longitude, elevationM }] of stations.entries()) {
    const place = {
      latitudeE5: Math.round((latitude ?? 0) * 1e5),
      longitudeE5: Math.round((longitude ?? slot) * 1e5),
      elevationM,
      claimedMs: startMs,
    };
    log.add(memberOf(slot, place), startMs);
  }
  const slots = new Map(stations.map((station, slot) => [station.id, { station, slot }]));
  let closed = hourOf(startMs, MAIN_RULES.time) - 1;
  for (const row of rows) {
    // An hour is closed with the first post after its grace, if not before.
    const due = hourOf(row.receivedMs - MAIN_RULES.time.graceSeconds * 1000, MAIN_RULES.time) - 1;
    if (due > closed) log.close((closed = due), row.receivedMs);
    const known = slots.get(row.device);
    if (known === undefined) throw new Error(`no station ${row.device}`);
    const readings = readingsOf(row, known.station);
    if (readings.length > 0) log.post(known.slot, row.receivedMs, readings);
  }
  return log.entries;
}

function readingsOf(row: Row, station: Station): Reading[] {
  return row.values.flatMap((value) => {
    const steps = toSteps(value, station);
    const isKnown = quantityByIndex(value.quantity) !== undefined;
    return steps === null || !isKnown ? [] : [{ quantity: value.quantity, measuredMs: row.measuredMs, steps }];
  });
}
