/** Replays of the measured months in data/slices, in order of receipt, and what they say by device and hour. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { join } from 'node:path';
import { quantityByIndex } from '../../core/reading/quantity.ts';
import { FAIL, SUSPECT } from '../../core/reading/reading.ts';
import { encodeState } from '../../core/region/state.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import { readRows, readStations, type Row, type Station } from '../../scripts/qc/data-set.ts';
import { Replay } from '../../scripts/qc/replay.ts';
import { SLICE_DIR } from '../../sensors/simulator/slice.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

export type SliceName = 'madrid-2020-02' | 'beijing-2013-12';
/** Rows that were received together stand together. */
export type Slice = { readonly stations: readonly Station[]; readonly rows: readonly Row[] };

export async function loadSlice(name: SliceName, days = 28): Promise<Slice> {
  const all: Row[] = [];
  for await (const row of readRows(join(SLICE_DIR, `${name}.csv.gz`))) all.push(row);
  const firstMs = Math.min(...all.map((row) => row.measuredMs));
  const rows = inOrder(all.filter((row) => row.measuredMs < firstMs + days * DAY_MS));
  const named = new Set(rows.map((row) => row.device));
  const stations = (await readStations(join(SLICE_DIR, 'stations.csv'))).filter(({ id }) => named.has(id));
  return { stations, rows };
}

/** The same months further east, where the border between two regions runs through the city (five stations and three). */
export function acrossBorder({ stations, rows }: Slice): Slice {
  const moved = stations.map((station) => ({ ...station, longitude: (station.longitude ?? 0) + 1 }));
  return { stations: moved, rows };
}

export function inOrder(rows: readonly Row[]): Row[] {
  return rows.toSorted(
    (a, b) => a.receivedMs - b.receivedMs || (a.device < b.device ? -1 : a.device > b.device ? 1 : 0),
  );
}

export function startOf({ stations, rows }: Slice): Replay {
  return new Replay(stations, MAIN_RULES, rows[0]?.receivedMs ?? 0);
}

/** What one device posts at one moment is one batch. */
export function feed(replay: Replay, rows: readonly Row[]): void {
  for (const [receivedMs, together] of Map.groupBy(rows, (row) => row.receivedMs)) {
    replay.advance(receivedMs);
    for (const [device, posted] of Map.groupBy(together, (row) => row.device)) {
      const placed = replay.placed.get(device);
      if (placed === undefined) throw new Error(`no station ${device}`);
      replay.post(placed, posted, receivedMs);
    }
  }
}

/** Lets two days pass, after which everything is judged. */
export function finish(replay: Replay, rows: readonly Row[]): Replay {
  const lastMs = rows.at(-1)?.receivedMs ?? 0;
  for (let hour = 1; hour <= 48; hour += 1) replay.advance(lastMs + hour * HOUR_MS);
  return replay;
}

export function replayOf(slice: Slice): Replay {
  const replay = startOf(slice);
  feed(replay, slice.rows);
  return finish(replay, slice.rows);
}

export type Verdict = {
  readonly device: string;
  readonly hour: number;
  readonly quantity: string;
  readonly sum: number;
  readonly flag: number;
  readonly tests: number;
};

/** Final verdicts, sorted by device, quantity and hour: names instead of slots, so that replays can be compared. */
export function verdictsOf(replay: Replay): Verdict[] {
  const bySeries = new Map<string, Verdict[]>();
  for (const { state, outputs } of replay.regions) {
    for (const { hour, cells } of outputs.hours) {
      for (const [slot, index, , sum, , , flag, tests] of cells) {
        const device = state.devices[slot]?.membership.device ?? '';
        const quantity = quantityByIndex(index)?.code ?? '';
        const series = bySeries.get(`${device} ${quantity}`) ?? [];
        series.push({ device, hour, quantity, sum, flag, tests });
        bySeries.set(`${device} ${quantity}`, series);
      }
    }
  }
  return [...bySeries].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, series]) => series);
}

/** Score in basis points by device and epoch. */
export function scoresOf(replay: Replay): ReadonlyMap<string, number> {
  const days = replay.regions.flatMap(({ outputs }) => outputs.days);
  const rows = days.map((day) => [`${day.member.device} ${day.epoch}`, day.scoreBps] as const);
  return new Map(rows.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Over states and everything that was put out, in order. */
export function hashOf(replay: Replay): string {
  const hash = sha256.create();
  for (const { cell, state, outputs } of replay.regions) {
    hash.update(new TextEncoder().encode(`${cell}\n`));
    hash.update(encodeState(state));
    hash.update(new TextEncoder().encode(`\n${JSON.stringify(outputs)}\n`));
  }
  return bytesToHex(hash.digest());
}

export const isFlagged = ({ flag }: Verdict): boolean => flag === SUSPECT || flag === FAIL;

/** Share of quantity-hours that were flagged. On clean months that is the false-positive rate. */
export function flaggedShare(verdicts: readonly Verdict[]): number {
  return verdicts.length === 0 ? 0 : verdicts.filter(isFlagged).length / verdicts.length;
}

/** Where two lists part, as text; null: they are equal. A matcher would print tens of thousands of lines. */
export function firstDifference(one: readonly unknown[], other: readonly unknown[]): string | null {
  for (let at = 0; at < Math.max(one.length, other.length); at += 1) {
    const [a, b] = [JSON.stringify(one[at]), JSON.stringify(other[at])];
    if (a !== b) return `${at}: ${a} and ${b}`;
  }
  return null;
}
