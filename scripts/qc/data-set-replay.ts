/** A data set through the fold, row by row in order of receipt: what it has told so far, and what it goes on from after a kill. */
import { MAIN_RULES } from '../../core/rules/main.ts';
import { hourOf } from '../../core/time.ts';
import { Refusal } from '../lib/say.ts';
import type { Row, Station } from './data-set.ts';
import { FlagTable, type SavedTable } from './flag-table.ts';
import { Replay, type RegionOf, type SavedRegion } from './replay.ts';

const DAY_SECONDS = 86_400;

export type Tables = { readonly flags: readonly string[]; readonly scores: readonly string[] };

/** As JSON; `rows` are folded, the next one is the first to take. */
export type SavedDataSetReplay = {
  readonly rows: number;
  readonly startMs: number;
  readonly regions: readonly SavedRegion[];
  readonly table: SavedTable;
  readonly scores: readonly (readonly [string, number])[];
};

export class DataSetReplay {
  readonly #startMs: number;
  readonly #replay: Replay;
  /** Stations of each region by slot. */
  readonly #names = new Map<string, string[]>();
  readonly #table = new FlagTable(MAIN_RULES.time.hourSeconds);
  readonly #scores = new Map<string, number>();
  #rows = 0;
  /** Rows of one receipt, until the first of another comes. */
  #together: Row[] = [];

  constructor(stations: readonly Station[], startMs: number, regionOf?: RegionOf) {
    this.#startMs = startMs;
    this.#replay = new Replay(stations, MAIN_RULES, startMs, regionOf);
    for (const [id, { region, slot }] of this.#replay.placed) {
      const ofRegion = this.#names.get(region.cell) ?? [];
      ofRegion[slot] = id;
      this.#names.set(region.cell, ofRegion);
    }
  }

  static resume(stations: readonly Station[], saved: SavedDataSetReplay, regionOf?: RegionOf): DataSetReplay {
    const resumed = new DataSetReplay(stations, saved.startMs, regionOf);
    resumed.#rows = saved.rows;
    resumed.#replay.restore(saved.regions);
    resumed.#table.restore(saved.table);
    for (const [key, score] of saved.scores) resumed.#scores.set(key, score);
    return resumed;
  }

  /** Rows that are folded; those that wait for others of their receipt are not. */
  get rows(): number {
    return this.#rows;
  }

  save(): SavedDataSetReplay {
    return {
      rows: this.#rows,
      startMs: this.#startMs,
      regions: this.#replay.save(),
      table: this.#table.save(),
      scores: [...this.#scores],
    };
  }

  take(row: Row): void {
    if (this.#together.length > 0 && this.#together[0]?.receivedMs !== row.receivedMs) this.#fold();
    this.#together.push(row);
  }

  /** Two days on, everything that was received is judged. */
  finish(): Tables {
    const lastMs = this.#together[0]?.receivedMs ?? 0;
    this.#fold();
    const untilMs = lastMs + 2 * DAY_SECONDS * 1000;
    const hourMs = MAIN_RULES.time.hourSeconds * 1000;
    for (let hour = hourOf(untilMs, MAIN_RULES.time) - 47; hour * hourMs <= untilMs; hour += 1)
      this.#replay.advance(hour * hourMs);
    this.#collect();
    this.#table.finish();
    const scores = [...this.#scores].map(([key, score]) => `${key},${score}`);
    return { flags: this.#table.lines, scores: ['device,ts,score', ...scores] };
  }

  #fold(): void {
    const [first] = this.#together;
    if (first === undefined) return;
    this.#replay.advance(first.receivedMs);
    for (const [device, posted] of Map.groupBy(this.#together, (row) => row.device)) {
      const placed = this.#replay.placed.get(device);
      if (placed === undefined) throw new Refusal(`"${device}" is not among the stations.`);
      this.#table.receive(device, posted, this.#replay.post(placed, posted, first.receivedMs));
      // A day whose readings all came too late or from the future has no row and earns nothing.
      for (const row of posted) {
        const key = `${device},${Math.floor(row.measuredMs / 1000 / DAY_SECONDS) * DAY_SECONDS}`;
        if (!this.#scores.has(key)) this.#scores.set(key, 0);
      }
    }
    this.#collect();
    this.#rows += this.#together.length;
    this.#together = [];
  }

  #collect(): void {
    for (const { cell, outputs } of this.#replay.regions) {
      this.#table.judge(this.#names.get(cell) ?? [], outputs);
      for (const day of outputs.days.splice(0))
        this.#scores.set(`${day.member.device},${day.epoch * DAY_SECONDS}`, day.scoreBps / 10_000);
      outputs.events.length = 0;
      outputs.revisions.length = 0;
      outputs.seals.length = 0;
    }
  }
}
