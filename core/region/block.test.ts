import { expect, test } from 'vitest';
import { decode, encode } from 'cborg';
import { closeTogether, EAST, WEST } from '../../test/support/border.ts';
import { DAY0_MS, HOUR_MS, memberOf, reading, TestLog } from '../../test/support/region-log.ts';
import { MAIN_RULES } from '../rules/main.ts';
import type { RegionCell } from '../ids.ts';
import { makeBlock, parseBlock } from './block.ts';
import { chooseBlocks } from './foreign.ts';
import { encodeState } from './state.ts';

const HOUR0 = DAY0_MS / HOUR_MS;

/** Devices in a row, 3.4 km from one to the next. */
function region(cell: RegionCell, devices: readonly number[]): TestLog {
  const log = new TestLog(0, MAIN_RULES, DAY0_MS, cell);
  for (const device of devices) log.add(memberOf(device), DAY0_MS);
  return log;
}

function postHour(log: TestLog, hour: number): void {
  const startMs = DAY0_MS + hour * HOUR_MS;
  for (const slot of log.state.devices.keys())
    log.post(slot, startMs + 5000, [reading('temp', startMs, 15 + slot), reading('lux', startMs, 100)]);
}

function frozen(): TestLog {
  const log = region(WEST, [4, 0, 2]);
  postHour(log, 0);
  // Nobody hears of a device that has not measured yet.
  log.add(memberOf(6), DAY0_MS + 6000);
  closeTogether([log], HOUR0 - 1, DAY0_MS + HOUR_MS);
  log.add({ kind: 'hour-close', hour: HOUR0 }, DAY0_MS + HOUR_MS + 300_000);
  return log;
}

test('a block lists all devices that measure by name, with the series that can be compared, and reads back as it was made', () => {
  const log = frozen();
  const before = encodeState(log.state);
  const block = makeBlock(log.state, HOUR0);
  if (block === null) throw new Error('no block');
  expect(encodeState(log.state)).toEqual(before);
  expect(block.devices.map(([device]) => device)).toEqual([0, 2, 4].map((slot) => memberOf(slot).device).sort());
  // Light is not compared between places.
  expect(block.devices.map(([, , , , series]) => series.length)).toEqual([1, 1, 1]);
  expect(parseBlock(block.bytes)).toEqual({ ok: true, value: block });
  expect(makeBlock(log.state, HOUR0)?.hash).toBe(block.hash);
});

test('what is no block of this version is refused', () => {
  const block = makeBlock(frozen().state, HOUR0);
  const [version, cell, hour, devices] = decode(block?.bytes ?? new Uint8Array()) as [
    number,
    string,
    number,
    unknown[],
  ];
  const [device] = devices as unknown[][];
  const bad = [
    [version + 1, cell, hour, devices],
    [version, 'nowhere', hour, devices],
    [version, cell, 0.5, devices],
    [version, cell, hour, [device?.slice(1)]],
    [version, cell, hour, [[...(device?.slice(0, 4) ?? []), [[1, 2]]]]],
    [version, cell, hour, [['did', Number.NaN, 0, null, []]]],
    { version },
  ];
  for (const content of bad)
    expect(parseBlock(encode(content))).toMatchObject({ ok: false, error: { reason: 'bad-block' } });
  expect(parseBlock(Uint8Array.of(0xff)).ok).toBe(false);
  expect(parseBlock(encode([version, cell, hour, devices])).ok).toBe(true);
});

test('of a large region only the devices come into the entry that are among the nearest of one here', () => {
  const west = region(WEST, [0, 1]);
  const east = region(
    EAST,
    Array.from({ length: 60 }, (_, at) => at + 2),
  );
  for (const log of [west, east]) postHour(log, 0);
  closeTogether([west, east], HOUR0 - 1, DAY0_MS + HOUR_MS);
  east.add({ kind: 'hour-close', hour: HOUR0 }, DAY0_MS + HOUR_MS + 300_000);
  const block = makeBlock(east.state, HOUR0);
  const before = encodeState(west.state);
  const [chosen] = chooseBlocks(west.state, [{ cell: EAST, block }]);
  expect(encodeState(west.state)).toEqual(before);
  expect(block?.devices).toHaveLength(60);
  expect(chosen?.hash).toBe(block?.hash);
  // Within 60 km stand 16 others of device 0, and one more of device 1.
  expect(chosen?.devices.map(([device]) => device).sort()).toEqual(
    Array.from({ length: 17 }, (_, at) => memberOf(at + 2).device).toSorted(),
  );
});

test('a device that moves or leaves is met anew or forgotten, and its slot is given to the next', () => {
  const west = region(WEST, [0]);
  const east = region(EAST, [1, 2]);
  for (const log of [west, east]) postHour(log, 0);
  closeTogether([west, east], HOUR0, DAY0_MS + HOUR_MS + 300_000);
  const names = () => west.state.foreign.map((known) => known?.device ?? null);
  const [first, second] = names();
  expect(new Set([first, second])).toEqual(new Set([memberOf(1).device, memberOf(2).device]));

  // Far beyond reach: forgotten. Nearer than before: it is first now.
  east.add(memberOf(1, { version: 2, longitudeE5: 500_000 }), DAY0_MS + HOUR_MS + 400_000);
  east.add(memberOf(3, { longitudeE5: -369_000 }), DAY0_MS + HOUR_MS + 400_000);
  postHour(east, 1);
  closeTogether([west, east], HOUR0 + 1, DAY0_MS + 2 * HOUR_MS + 300_000);
  expect(new Set(names())).toEqual(new Set([memberOf(2).device, memberOf(3).device]));
  expect(west.state.devices[0]?.near.map((slot) => names()[-1 - slot])).toEqual([
    memberOf(3).device,
    memberOf(2).device,
  ]);

  // The region is no longer asked.
  west.add({ kind: 'hour-close', hour: HOUR0 + 2 }, DAY0_MS + 3 * HOUR_MS + 300_000);
  west.add({ kind: 'neighbour-cells', hour: HOUR0 + 2, blocks: [] }, DAY0_MS + 3 * HOUR_MS + 300_000);
  expect(west.state.foreign).toEqual([]);
  expect(west.state.devices[0]?.near).toEqual([]);
});
