import { expect, test } from 'vitest';
import { encodeState } from '../../core/region/state.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import { charterOf, DAY0_MS, HOUR_MS, memberOf, reading } from '../../test/support/region-log.ts';
import { FoldLog } from './fold-log.ts';

function opened(): FoldLog {
  const log = new FoldLog(MAIN_RULES);
  log.add(charterOf(), DAY0_MS);
  for (let slot = 0; slot < 4; slot++) log.add(memberOf(slot), DAY0_MS);
  return log;
}

function report(log: FoldLog, from: number, until: number): void {
  for (let hour = from; hour < until; hour++) {
    const hourMs = DAY0_MS + hour * HOUR_MS;
    for (let slot = 0; slot < 4; slot++) {
      log.post(slot, hourMs + 1_900_000, [reading('temp', hourMs + 1_800_000, 12 + ((hour * 7 + slot) % 11))]);
    }
    log.close(DAY0_MS / HOUR_MS + hour, hourMs + HOUR_MS + 300_000);
  }
}

test('a branch goes on to the same bytes and outputs as the log it came from', () => {
  const log = opened();
  report(log, 0, 30);
  const branch = log.branch();
  const before = log.outputs.hours.length;
  report(log, 30, 60);
  report(branch, 30, 60);
  expect(encodeState(branch.state)).toEqual(encodeState(log.state));
  expect(branch.outputs.hours).toEqual(log.outputs.hours.slice(before));
});

test('what happens in a branch does not happen in the log', () => {
  const log = opened();
  report(log, 0, 3);
  const bytes = encodeState(log.state);
  report(log.branch(), 3, 6);
  expect(encodeState(log.state)).toEqual(bytes);
});
