/** Answers a query from memory and the log: the open epoch's cells, or raw readings that still stand in the log tables. */
import { decodeEntry } from '../../core/region/codec.ts';
import { statusOf } from '../../core/region/chain.ts';
import { cellSum, selfVerdict } from '../../core/region/cells.ts';
import { testCodes } from '../../core/qc/tests.ts';
import { checkRange } from '../../core/qc/point-checks.ts';
import { quantityByIndex, type Quantity } from '../../core/reading/quantity.ts';
import { unpackReadings } from '../../core/reading/pack.ts';
import { isUnderMaintenance, type Cell } from '../../core/region/state.ts';
import { keyAt } from '../../core/region/succession.ts';
import { epochOf, hourOf, hourStartMs } from '../../core/time.ts';
import type { Observation, ObservationQuery } from './api.ts';
import type { RegionMemory } from './memory.ts';
import type { RegionStore } from './store.ts';

export function observe(memory: RegionMemory, store: RegionStore, query: ObservationQuery): Observation[] {
  const found = query.resolution === 'hour' ? hourly(memory, query) : raw(memory, store, query);
  found.sort((a, b) => order(a.device, b.device) || order(a.quantity, b.quantity) || a.startMs - b.startMs);
  return found.slice(0, query.limit);
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function wants(query: ObservationQuery, quantity: Quantity): boolean {
  return query.quantities === null || query.quantities.includes(quantity.code);
}

function hourly(memory: RegionMemory, query: ObservationQuery): Observation[] {
  const { state, rules } = memory;
  const found: Observation[] = [];
  for (const device of state.devices) {
    const { membership } = device;
    // A quarantined device's data is stored and judged, not sold.
    if (statusOf(device) === 'quarantined') continue;
    if (query.devices !== null && !query.devices.includes(membership.device)) continue;
    const add = (cell: Cell, final: boolean): void => {
      const quantity = quantityByIndex(cell.quantity);
      const startMs = hourStartMs(cell.hour, rules.time);
      if (quantity === undefined || !wants(query, quantity) || startMs < query.fromMs || startMs >= query.untilMs)
        return;
      const { count, sum } = cellSum(cell);
      // Taken under maintenance: kept, not sold.
      if (count === 0 || cell.unevaluated > 0) return;
      found.push({
        device: membership.device,
        quantity: quantity.code,
        startMs,
        value: sum / count / quantity.stepsPerUnit,
        count,
        flag: final ? cell.flag : selfVerdict(cell),
        tests: testCodes(cell.tests),
        final,
      });
    };
    for (const cell of device.day) add(cell, true);
    for (const cell of device.open) add(cell, false);
  }
  return found;
}

function raw(memory: RegionMemory, store: RegionStore, query: ObservationQuery): Observation[] {
  const { state, rules } = memory;
  const found: Observation[] = [];
  const seen = new Set<string>();
  const wanted = query.devices === null ? null : new Set(query.devices);
  // Measured at most `maxAhead` after its receipt: nothing older than this can hold what is asked for.
  for (const row of store.rowsSince(query.fromMs - rules.time.maxAheadSeconds * 1000)) {
    if (row.kind !== 'batch') continue;
    const entry = decodeEntry(row);
    if (!entry.ok || entry.value.kind !== 'batch') continue;
    const { slot } = entry.value;
    const device = state.devices[slot];
    if (device === undefined || statusOf(device) === 'quarantined') continue;
    const { former, membership } = device;
    if (wanted?.has(membership.device) === false && !former.some((known) => wanted.has(known.device))) continue;
    const readings = unpackReadings(entry.value.readings);
    if (!readings.ok) continue;
    for (const reading of readings.value) {
      const quantity = quantityByIndex(reading.quantity);
      if (quantity === undefined || !wants(query, quantity)) continue;
      if (reading.measuredMs < query.fromMs || reading.measuredMs >= query.untilMs) continue;
      if (isUnderMaintenance(device, reading.measuredMs)) continue;
      // As its day has closed, or will.
      const key = keyAt(device, epochOf(reading.measuredMs, rules.time));
      if (wanted?.has(key) === false) continue;
      const at = `${slot}/${reading.quantity}/${reading.measuredMs}`;
      // The first value sent for a time is the one that counts (core/region/coverage.ts).
      if (seen.has(at)) continue;
      seen.add(at);
      const value = reading.steps / quantity.stepsPerUnit;
      const hour = hourOf(reading.measuredMs, rules.time);
      const cell = device.day
        .concat(device.open)
        .find((known) => known.hour === hour && known.quantity === quantity.index);
      found.push({
        device: key,
        quantity: quantity.code,
        startMs: reading.measuredMs,
        value,
        count: 1,
        flag: Math.max(checkRange(value, rules.quality[quantity.code]), cell?.flag ?? 0),
        tests: testCodes(cell?.tests ?? 0),
        final: state.closedThrough !== null && hour <= state.closedThrough,
      });
    }
  }
  return found;
}
