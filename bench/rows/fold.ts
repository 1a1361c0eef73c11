/** The fold over a month of readings of 50 devices: what a region object does with each accepted batch. */
import { MAIN_RULES } from '../../core/rules/main.ts';
import { applyEntry } from '../../core/region/fold.ts';
import { noOutputs } from '../../core/region/outputs.ts';
import { emptyState } from '../../core/region/state.ts';
import { DAY0_MS, HOUR_MS, reading, TestLog } from '../../test/support/region-log.ts';
import { BATCH_READINGS } from '../batches.ts';
import type { Row } from '../row.ts';

const DEVICES = 50;
const HOURS = 48;
const ROUNDS = 5;

export const foldRow: Row = {
  name: 'fold',
  async measure() {
    const log = new TestLog(DEVICES);
    for (let hour = 0; hour < HOURS; hour++) {
      const startMs = DAY0_MS + hour * HOUR_MS;
      for (let slot = 0; slot < DEVICES; slot++)
        log.post(slot, startMs + HOUR_MS - 60_000 + slot, hourOf(startMs, slot));
      log.close(DAY0_MS / HOUR_MS + hour, startMs + HOUR_MS + 300_000);
    }
    const took = { batch: Number.POSITIVE_INFINITY, close: Number.POSITIVE_INFINITY };
    for (let round = 0; round < ROUNDS; round++) {
      const once = foldOnce(log);
      took.batch = Math.min(took.batch, once.batch);
      took.close = Math.min(took.close, once.close);
    }
    const readings = DEVICES * HOURS * BATCH_READINGS;
    const cells = DEVICES * HOURS * 2;
    return [
      // 0.7 µs is a figure of one machine; a budget needs a floor that is measured with it.
      { name: 'fold of a batch', value: took.batch / readings, unit: 'µs/reading' },
      { name: 'hour close and verdicts', value: took.close / cells, unit: 'µs/cell' },
    ];
  },
};

/** A reading a minute, of two quantities in turn. */
function hourOf(startMs: number, slot: number) {
  return Array.from({ length: BATCH_READINGS }, (_, minute) => {
    const wave = ((minute * 7 + slot * 3 + startMs / HOUR_MS) % 53) / 10;
    const atMs = startMs + minute * 60_000;
    return minute % 2 === 0 ? reading('temp', atMs, 12 + wave) : reading('pm25', atMs, 8 + wave);
  });
}

/** Microseconds of all batches, and of all closes. */
function foldOnce(log: TestLog): { readonly batch: number; readonly close: number } {
  const state = emptyState();
  const outputs = noOutputs();
  const took = { batch: 0, close: 0 };
  for (const entry of log.entries) {
    const startedMs = performance.now();
    applyEntry(state, entry, MAIN_RULES, outputs);
    const tookUs = (performance.now() - startedMs) * 1000;
    if (entry.kind === 'batch') took.batch += tookUs;
    else took.close += tookUs;
  }
  return took;
}
