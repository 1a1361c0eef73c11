/**
 * Flags and scores of a replay as tables. A final verdict speaks for its hour; what a receipt said of single readings is
 * told too unless the verdict took it back. Readings that arrived too late or not at all are told when the replay ends.
 */
import { FAIL, SUSPECT } from '../../core/reading/reading.ts';
import { TEST_BITS, testCodes } from '../../core/qc/tests.ts';
import type { BatchEffect } from '../../core/region/apply-batch.ts';
import { quantityByIndex } from '../../core/reading/quantity.ts';
import type { Outputs } from '../../core/region/outputs.ts';
import type { Row } from './data-set.ts';

/** Tests of single readings; all others judge the hour. */
const POINT_TESTS = new Set(['range', 'step', 'flat', 'time', 'late', 'consistency']);
const POINT_BITS = TEST_BITS.filter(([code]) => POINT_TESTS.has(code)).reduce((mask, [, bit]) => mask | bit, 0);

/** Scores are severities: times a test's own limit (core/qc/severity.ts). A refusal is no matter of degree; silence is just that. */
const CERTAIN = 100;
const AT_LIMIT = 1;

type Told = { readonly seconds: number; readonly quantity: number; readonly test: string; readonly flag: number };

/** Readings of one hour and quantity that wait for their verdict. */
type Waiting = { readonly seconds: number[]; readonly told: Told[] };

export type SavedTable = {
  readonly lines: readonly string[];
  readonly waiting: readonly (readonly [string, Waiting])[];
  readonly hours: readonly (readonly [string, readonly number[]])[];
  readonly columns: readonly (readonly [number, string])[];
};

export class FlagTable {
  readonly lines: string[] = ['device,ts,quantity,flag,score,tests'];
  readonly #hourSeconds: number;
  readonly #waiting = new Map<string, Waiting>();
  /** First and last hour of each device, and the hours in between that have readings. */
  readonly #hours = new Map<string, Set<number>>();
  readonly #columns = new Map<number, string>();

  constructor(hourSeconds: number) {
    this.#hourSeconds = hourSeconds;
  }

  /** Before the verdicts of its hours. */
  receive(device: string, rows: readonly Row[], effect: BatchEffect | null): void {
    const told = Map.groupBy(tellingsOf(effect), ({ seconds, quantity }) => `${seconds}/${quantity}`);
    const refused = new Map(
      (effect?.refused ?? []).map((one) => [`${Date.parse(one.time) / 1000}/${one.quantity}`, one.code]),
    );
    for (const row of rows) {
      const seconds = row.measuredMs / 1000;
      const hour = Math.floor(seconds / this.#hourSeconds);
      const hours = this.#hours.get(device) ?? new Set();
      this.#hours.set(device, hours.add(hour));
      for (const { column, quantity } of row.values) {
        this.#columns.set(quantity, column);
        const code = quantityByIndex(quantity)?.code ?? '';
        const refusal = refused.get(`${seconds}/${code}`);
        if (refusal !== undefined) this.#line(device, seconds, column, 2, CERTAIN, [refusal]);
        const key = `${device}/${quantity}/${hour}`;
        const waiting = this.#waiting.get(key) ?? { seconds: [], told: [] };
        waiting.seconds.push(seconds);
        for (const telling of told.get(`${seconds}/${code}`) ?? []) waiting.told.push({ ...telling, quantity });
        this.#waiting.set(key, waiting);
      }
    }
  }

  /** Takes the hours and events that the region has put out since the last call. */
  judge(devices: readonly string[], outputs: Outputs): void {
    for (const { hour, cells, severities } of outputs.hours.splice(0)) {
      for (const [at, [slot, quantity, , , , , flag, tests]] of cells.entries()) {
        const device = devices[slot] ?? '';
        const key = `${device}/${quantity}/${hour}`;
        const waiting = this.#waiting.get(key);
        this.#waiting.delete(key);
        if (waiting === undefined) continue;
        const column = this.#columns.get(quantity) ?? '';
        const severity = flag === FAIL ? 2 : flag === SUSPECT ? 1 : 0;
        const hourly = tests & ~POINT_BITS;
        const score = Math.max(1, severities[at] ?? 1);
        if (severity > 0 && hourly !== 0) {
          for (const seconds of waiting.seconds) this.#line(device, seconds, column, severity, score, testCodes(tests));
          continue;
        }
        const left = new Set<string>(testCodes(tests));
        const kept = waiting.told.filter(({ test }) => left.has(test));
        for (const one of kept) this.#line(device, one.seconds, column, one.flag, score, [one.test]);
        if (severity > 0 && kept.length === 0) {
          for (const seconds of waiting.seconds) this.#line(device, seconds, column, severity, score, testCodes(tests));
        }
      }
    }
  }

  /** What never got a verdict: readings that came after their hour's close, and hours of silence. */
  finish(): void {
    for (const [key, { told }] of this.#waiting) {
      const device = key.slice(0, key.indexOf('/'));
      for (const one of told) {
        if (one.test !== 'late')
          this.#line(device, one.seconds, this.#columns.get(one.quantity) ?? '', one.flag, AT_LIMIT, [one.test]);
      }
    }
    this.#waiting.clear();
    for (const [device, hours] of this.#hours) {
      const sorted = [...hours].toSorted((a, b) => a - b);
      for (let hour = (sorted[0] ?? 0) + 1; hour < (sorted.at(-1) ?? 0); hour += 1) {
        if (!hours.has(hour)) this.#line(device, hour * this.#hourSeconds, '*', 1, AT_LIMIT, ['missing']);
      }
    }
  }

  save(): SavedTable {
    return {
      lines: this.lines,
      waiting: [...this.#waiting],
      hours: [...this.#hours].map(([device, hours]) => [device, [...hours]]),
      columns: [...this.#columns],
    };
  }

  /** Into a new table. */
  restore({ lines, waiting, hours, columns }: SavedTable): void {
    this.lines.splice(0, Infinity, ...lines);
    for (const [key, value] of waiting) this.#waiting.set(key, value);
    for (const [device, ofDevice] of hours) this.#hours.set(device, new Set(ofDevice));
    for (const [quantity, column] of columns) this.#columns.set(quantity, column);
  }

  #line(device: string, seconds: number, column: string, flag: number, score: number, tests: readonly string[]): void {
    this.lines.push([device, seconds, column, flag, score, tests.join('+')].join(','));
  }
}

function tellingsOf(effect: BatchEffect | null): (Omit<Told, 'quantity'> & { readonly quantity: string })[] {
  return (effect?.flags ?? []).map(({ quantity, time, test, flag }) => ({
    seconds: Date.parse(time) / 1000,
    quantity,
    test,
    flag: flag === FAIL ? 2 : 1,
  }));
}
