/**
 * Readings in bytes: columns by quantity, times and values as differences, each a zigzag LEB128 varint. About three bytes
 * a reading for a device that reports five quantities every few minutes. The form is canonical: equal readings give equal
 * bytes, and bytes that are not what `packReadings` writes are refused.
 *
 *   pack  := column*                       in rising order of quantity
 *   column := head count times? values     head = quantity * 4 + sameTimes * 2 + milliseconds
 *   times  := first, first difference, then differences of differences (0 for a steady interval)
 *   values := first, then differences
 *
 * `sameTimes`: this column was measured at the same times as the one before it; no times follow.
 */
import { err, ok, type Result } from '../result.ts';
import type { Reading } from './reading.ts';
import { ByteReader, ByteWriter } from './varint.ts';

export type BadPack = { readonly reason: 'bad-pack'; readonly detail: string };

/** 2^47 milliseconds, the year 6429: differences of differences stay exact in a double. */
const MAX_MEASURED_MS = 140_737_488_355_328;
/** 2^31 */
const MAX_STEPS = 2_147_483_648;
const MAX_QUANTITY = 255;

/** Sorted by (quantity, time); readings with both equal keep their order. */
export function packReadings(readings: readonly Reading[]): Uint8Array {
  const columns = new Map<number, Reading[]>();
  for (const reading of readings) {
    assertPackable(reading);
    const column = columns.get(reading.quantity);
    if (column) column.push(reading);
    else columns.set(reading.quantity, [reading]);
  }
  const writer = new ByteWriter(64 + readings.length * 4);
  let before: readonly Reading[] = [];
  for (const quantity of [...columns.keys()].sort((left, right) => left - right)) {
    const column = (columns.get(quantity) ?? []).sort((left, right) => left.measuredMs - right.measuredMs);
    const same = sameTimes(column, before);
    const unit = column.every((reading) => reading.measuredMs % 1000 === 0) ? 1000 : 1;
    writer.unsigned(quantity * 4 + (same ? 2 : 0) + (unit === 1 ? 1 : 0));
    writer.unsigned(column.length);
    if (!same) writeTimes(writer, column, unit);
    let steps = 0;
    for (const reading of column) {
      writer.signed(reading.steps - steps);
      steps = reading.steps;
    }
    before = column;
  }
  return writer.bytes();
}

function writeTimes(writer: ByteWriter, column: readonly Reading[], unit: number): void {
  let time = 0;
  let step = 0;
  column.forEach((reading, index) => {
    const next = reading.measuredMs / unit;
    const difference = next - time;
    // The first time is a difference from 1970; it must not stand as the interval of the second.
    writer.signed(difference - step);
    step = index === 0 ? 0 : difference;
    time = next;
  });
}

function sameTimes(column: readonly Reading[], before: readonly Reading[]): boolean {
  return (
    column.length === before.length &&
    column.every((reading, index) => reading.measuredMs === before[index]?.measuredMs)
  );
}

function assertPackable(reading: Reading): void {
  const { quantity, measuredMs, steps } = reading;
  const fits =
    Number.isInteger(quantity) &&
    quantity >= 0 &&
    quantity <= MAX_QUANTITY &&
    Number.isInteger(measuredMs) &&
    measuredMs >= 0 &&
    measuredMs <= MAX_MEASURED_MS &&
    Number.isInteger(steps) &&
    Math.abs(steps) <= MAX_STEPS;
  if (!fits)
    throw new RangeError(`reading out of range: quantity ${quantity}, measuredMs ${measuredMs}, steps ${steps}`);
}

/** Never throws, and allocates in proportion to the bytes given. */
export function unpackReadings(bytes: Uint8Array): Result<Reading[], BadPack> {
  const reader = new ByteReader(bytes);
  const readings: Reading[] = [];
  let times: number[] = [];
  let lastQuantity = -1;
  while (!reader.atEnd()) {
    const head = reader.unsigned();
    const count = reader.unsigned();
    const quantity = Math.floor(head / 4);
    const unit = head % 2 === 1 ? 1 : 1000;
    const same = head % 4 >= 2;
    if (reader.failed) return bad('broken number');
    if (quantity <= lastQuantity || quantity > MAX_QUANTITY) return bad('columns out of order');
    // Every reading takes at least one byte for its value.
    if (count < 1 || count > bytes.length) return bad('impossible count');
    if (same) {
      if (times.length !== count) return bad('no column before it has as many times');
    } else {
      const read = readTimes(reader, count, unit);
      if (!read.ok) return read;
      if (sameNumbers(read.value, times)) return bad('times are repeated');
      times = read.value;
    }
    if ((unit === 1000) !== times.every((time) => time % 1000 === 0)) return bad('not the smallest unit of time');
    let steps = 0;
    for (const measuredMs of times) {
      steps += reader.signed();
      if (reader.failed) return bad('broken number');
      if (Math.abs(steps) > MAX_STEPS) return bad('value out of range');
      readings.push({ quantity, measuredMs, steps });
    }
    lastQuantity = quantity;
  }
  return ok(readings);
}

function readTimes(reader: ByteReader, count: number, unit: number): Result<number[], BadPack> {
  const times: number[] = [];
  let time = 0;
  let step = 0;
  for (let index = 0; index < count; index += 1) {
    const difference = reader.signed() + step;
    if (reader.failed) return bad('broken number');
    if (difference < 0) return bad('times out of order');
    time += difference;
    step = index === 0 ? 0 : difference;
    if (time * unit > MAX_MEASURED_MS) return bad('time out of range');
    times.push(time * unit);
  }
  return ok(times);
}

function sameNumbers(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((value, index) => value === right[index]);
}

function bad(detail: string): Result<never, BadPack> {
  return err({ reason: 'bad-pack', detail });
}
