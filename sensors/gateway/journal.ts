/**
 * What a device reported and the network has not answered yet: one file of JSON lines. A line is on disk when `append`
 * returns. Lines are numbered; which of them the network has is the queue's to remember (`sentThrough`), so a kill at any
 * moment repeats or loses none. A line cut short by a power cut was never answered to the device, and goes.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type QuantityCode, quantityByCode } from '../../core/reading/quantity.ts';
import { NODE_STEPS } from '../client/queue.ts';
import type { Measurement } from '../client/senml.ts';

/** 40 days of a post a minute; the network takes nothing older than 30. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Sent lines stay until there are so many bytes of them. */
const TRIM_BYTES = 256 * 1024;

type Line = { readonly number: number; readonly measurements: readonly Measurement[] };

export type Appended = 'on-disk' | 'full';

export class Journal {
  /** All that the file held when it was opened, sent or not. */
  readonly found: readonly Measurement[];
  readonly #file: FileHandle;
  /** Not sent yet, oldest first. */
  #waiting: Line[];
  #bytes: number;
  #lastNumber: number;
  /** One file step after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(file: FileHandle, read: readonly Line[], bytes: number, sentThrough: number) {
    this.found = read.flatMap(({ measurements }) => measurements);
    this.#file = file;
    this.#waiting = read.filter(({ number }) => number > sentThrough);
    this.#bytes = bytes;
    this.#lastNumber = Math.max(sentThrough, read.at(-1)?.number ?? 0);
  }

  static async open(path: string, sentThrough: number | null): Promise<Journal> {
    const file = await open(path, 'a+');
    await file.close();
    await NODE_STEPS.syncDirectory(dirname(path));
    const writable = await open(path, 'r+');
    const text = await writable.readFile('utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const bytes = Buffer.byteLength(whole);
    await writable.truncate(bytes);
    const lines = whole.split('\n').slice(0, -1).map(decode);
    const broken = lines.indexOf(undefined);
    if (broken >= 0)
      throw new Error(`${path}, line ${broken + 1} is not a gateway's; move the file away to begin anew`);
    const read = lines.filter((line) => line !== undefined);
    return new Journal(writable, read, bytes, sentThrough ?? 0);
  }

  /** Measurements that wait to be sent. */
  get waiting(): number {
    return this.#waiting.reduce((sum, { measurements }) => sum + measurements.length, 0);
  }

  /** Throws where the disk does not take it; nothing of it is then kept. */
  append(measurements: readonly Measurement[]): Promise<Appended> {
    return this.#inTurn(async () => {
      const line = { number: this.#lastNumber + 1, measurements };
      const bytes = Buffer.from(encode(line));
      if (this.#bytes + bytes.length > MAX_BYTES) return 'full';
      try {
        await this.#file.write(bytes, 0, bytes.length, this.#bytes);
        await this.#file.datasync();
      } catch (error) {
        await this.#file.truncate(this.#bytes);
        throw error;
      }
      this.#bytes += bytes.length;
      this.#lastNumber = line.number;
      this.#waiting.push(line);
      return 'on-disk';
    });
  }

  /** The oldest lines that fit, and the number of the last of them. */
  next(mostMeasurements: number): { readonly measurements: readonly Measurement[]; readonly through: number } | null {
    const taken: Measurement[] = [];
    let through: number | null = null;
    for (const { number, measurements } of this.#waiting) {
      if (through !== null && taken.length + measurements.length > mostMeasurements) break;
      taken.push(...measurements);
      through = number;
    }
    return through === null ? null : { measurements: taken, through };
  }

  /** The network has them, and the queue says so on disk. */
  sent(through: number): Promise<void> {
    return this.#inTurn(async () => {
      this.#waiting = this.#waiting.filter(({ number }) => number > through);
      if (this.#waiting.length > 0 || this.#bytes < TRIM_BYTES) return;
      await this.#file.truncate(0);
      this.#bytes = 0;
    });
  }

  close(): Promise<void> {
    return this.#inTurn(() => this.#file.close());
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(step);
    // The failure is its caller's; the next step goes on all the same.
    this.#turn = done.catch(() => {});
    return done;
  }
}

/** The unit is the catalogue's, and the catalogue only grows. */
function encode({ number, measurements }: Line): string {
  return `${JSON.stringify([number, measurements.map(({ quantity, value, measuredMs }) => [quantity, value, measuredMs])])}\n`;
}

function decode(text: string): Line | undefined {
  try {
    const line: unknown = JSON.parse(text);
    if (!Array.isArray(line)) return undefined;
    const [number, rows]: unknown[] = line;
    if (typeof number !== 'number' || !Number.isSafeInteger(number) || !Array.isArray(rows)) return undefined;
    const measurements = rows.map(measurementOf);
    return measurements.includes(undefined)
      ? undefined
      : { number, measurements: measurements.filter((one) => one !== undefined) };
  } catch {
    return undefined;
  }
}

function measurementOf(row: unknown): Measurement | undefined {
  if (!Array.isArray(row)) return undefined;
  const [code, value, measuredMs]: unknown[] = row;
  const quantity = quantityByCode(String(code));
  if (quantity === undefined || typeof value !== 'number' || typeof measuredMs !== 'number') return undefined;
  const known: QuantityCode = quantity.code;
  return { quantity: known, value, unit: quantity.unit, measuredMs };
}
