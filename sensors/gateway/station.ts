/** One device behind the gateway: its client with a queue of its own, and what is told of it. */
import { join } from 'node:path';
import { type ClientEvent, type NewReading, openClient, type SensorClient, type World } from '../client/client.ts';
import { asideFileOf, FileStorage } from '../client/file-storage.ts';
import type { SigningKey } from '../client/key.ts';
import type { NetworkProblem } from '../client/problem.ts';
import type { Uploaded } from '../client/receipt.ts';

export type StationWorld = {
  readonly world: World;
  /** Aborted when the gateway stops. */
  readonly stopping: AbortSignal;
  /** Longest wait between two tries, milliseconds. */
  readonly mostWaitMs: number;
  readonly log: (line: string) => void;
};

export type StationDevice = { readonly name: string; readonly key: SigningKey; readonly ingestUrl: string };

export class Station {
  readonly name: string;
  readonly #surroundings: StationWorld;
  readonly #asideFile: string;
  /** What the client tells while it is opened comes before there is a client. */
  #client: SensorClient | null = null;
  #sent = 0;

  private constructor(name: string, asideFile: string, surroundings: StationWorld) {
    this.name = name;
    this.#asideFile = asideFile;
    this.#surroundings = surroundings;
  }

  /** The gateway holds a lock over the folder. */
  static async open({ name, key, ingestUrl }: StationDevice, dir: string, around: StationWorld): Promise<Station> {
    const path = join(dir, `${name}.queue`);
    const station = new Station(name, asideFileOf(path), around);
    station.#client = await openClient({
      ingestUrl,
      key,
      storage: await FileStorage.open(path, true),
      // A report is worth most at once; what comes meanwhile goes together.
      batch: { maxWaitMs: 0 },
      retry: { firstDelayMs: 1_000, maxDelayMs: around.mostWaitMs, timeoutMs: 20_000 },
      world: around.world,
      onEvent: (event) => station.#tell(event),
    });
    return station;
  }

  get waiting(): number {
    return this.#client?.status().waiting ?? 0;
  }

  /** What the machine's clock lacks, as far as the network has said. */
  get clockOffsetMs(): number {
    return this.#client?.status().clockOffsetMs ?? 0;
  }

  get health(): string {
    const lastMs = this.#client?.status().last.deliveredMs ?? null;
    const last = lastMs === null ? 'nothing sent yet' : `last at ${timeOfDay(lastMs)}`;
    return `${this.name}: ${this.#sent} sent, ${this.waiting} waiting, ${last}`;
  }

  /** On disk when it returns ok, also what a device repeats; else why not. */
  async keep(
    measurements: readonly NewReading[],
  ): Promise<{ readonly ok: true } | { readonly ok: false; why: string }> {
    const kept = await this.#opened.record(measurements);
    if (kept.ok) return { ok: true };
    return { ok: false, why: kept.error.reason === 'full' ? 'too much is waiting to be sent' : kept.error.detail };
  }

  /** Until the gateway stops; `closed` comes when nothing more will be reported. */
  async run(closed: Promise<void>): Promise<void> {
    await this.#opened.run({ signal: this.#surroundings.stopping });
    await closed;
    await this.#opened.close();
  }

  get #opened(): SensorClient {
    if (this.#client === null) throw new Error('the station is not open yet');
    return this.#client;
  }

  #tell(event: ClientEvent): void {
    const line = this.#lineOf(event);
    if (line !== null) this.#surroundings.log(`${this.name}: ${line}`);
  }

  #lineOf(event: ClientEvent): string | null {
    switch (event.kind) {
      case 'delivered':
        return this.#lineOfReceipt(event.uploaded);
      case 'unreachable':
        return `not sent (${event.detail}); ${this.waiting} waiting`;
      case 'waiting':
        return `again in ${Math.ceil(event.ms / 1000)} s`;
      case 'refused':
        return lineOfRefusal(event.problem, event.remedy === 'set-aside' ? `kept in ${this.#asideFile}` : event.remedy);
      case 'clock':
        return `${lineOfClock(event.offsetMs)}; the server's is taken`;
      case 'not-stored':
        return event.detail;
      case 'repaired':
        return event.repair.broken === 0 ? null : `${event.repair.broken} broken lines, kept in ${this.#asideFile}`;
    }
  }

  #lineOfReceipt(uploaded: Uploaded): string {
    if (uploaded.status === 'expired') return `receipt ${uploaded.receipt}, from before`;
    const { receipt, readings, flags } = uploaded.receipt;
    this.#sent += readings.accepted;
    const refused = readings.refused.map(({ quantity, code }) => `${quantity} ${code}`);
    const notes = [
      readings.duplicate > 0 ? `${readings.duplicate} were there` : '',
      refused.length > 0 ? `refused: ${refused.slice(0, 5).join(', ')}` : '',
      flags.length > 0 ? `${flags.length} flagged` : '',
      this.waiting > 0 ? `${this.waiting} waiting` : '',
    ].filter((note) => note !== '');
    return `${[`${readings.accepted} accepted`, ...notes].join(', ')} (${receipt})`;
  }
}

function lineOfRefusal({ code, detail, remedy }: NetworkProblem, then: string): string {
  return `refused, ${code}: ${detail}${remedy === null ? '' : ` ${remedy}`} (${then})`;
}

export function lineOfClock(offsetMs: number): string {
  return `the clock of this machine is off by ${Math.round(offsetMs / 1000)} s`;
}

export function timeOfDay(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}
