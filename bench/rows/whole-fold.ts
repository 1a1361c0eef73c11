/** A measured month of Madrid through the whole fold, hourly verdicts and scores included, and what is left of it in the state. */
import { unpackReadings } from '../../core/reading/pack.ts';
import type { LogEntry } from '../../core/region/entry.ts';
import { applyEntry } from '../../core/region/fold.ts';
import { noOutputs } from '../../core/region/outputs.ts';
import { emptyState, encodeState, type RegionState } from '../../core/region/state.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import { hourOf } from '../../core/time.ts';
import { logOf } from '../../test/support/data-set-log.ts';
import { loadSlice } from '../../test/support/slice-replay.ts';
import type { Row } from '../row.ts';

const ROUNDS = 5;

export const wholeFoldRow: Row = {
  name: 'whole fold',
  async measure() {
    const entries = logOf(await loadSlice('madrid-2020-02'));
    const took = { fold: Number.POSITIVE_INFINITY, floor: Number.POSITIVE_INFINITY };
    let state = emptyState();
    for (let round = 0; round < ROUNDS; round++) {
      const startedMs = performance.now();
      state = fold(entries);
      took.fold = Math.min(took.fold, (performance.now() - startedMs) * 1000);
      const floorMs = performance.now();
      sumByHour(entries);
      took.floor = Math.min(took.floor, (performance.now() - floorMs) * 1000);
    }
    const series = state.devices.reduce((sum, device) => sum + device.quantities.length, 0);
    const bytes = encodeState(state).length;
    return [
      {
        name: 'whole fold of hourly readings, with verdicts',
        value: took.fold / state.readings,
        unit: 'µs/reading',
        floor: { name: 'unpack and sum by hour', value: took.floor / state.readings },
      },
      { name: 'state after four weeks', value: bytes / state.devices.length, unit: 'bytes/device' },
      { name: 'state after four weeks, each quantity', value: bytes / series, unit: 'bytes/series' },
    ];
  },
};

function fold(entries: readonly LogEntry[]): RegionState {
  const state = emptyState();
  const outputs = noOutputs();
  for (const entry of entries) applyEntry(state, entry, MAIN_RULES, outputs);
  return state;
}

/** The least that hourly means need: every reading taken out of its batch and added to its cell. */
function sumByHour(entries: readonly LogEntry[]): number {
  const sums = new Map<string, number>();
  for (const entry of entries) {
    if (entry.kind !== 'batch') continue;
    const readings = unpackReadings(entry.readings);
    if (!readings.ok) throw new Error(readings.error.reason);
    for (const { quantity, measuredMs, steps } of readings.value) {
      const cell = `${entry.slot}/${quantity}/${hourOf(measuredMs, MAIN_RULES.time)}`;
      sums.set(cell, (sums.get(cell) ?? 0) + steps);
    }
  }
  return sums.size;
}
