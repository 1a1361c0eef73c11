/**
 * Follows the logs of regions for one paid stream. The object only rings; what is told is read from the log by cursor, so
 * evictions, lost sockets and deployments delay an event and neither lose nor repeat one.
 */
import type { RegionCell } from '../../core/ids.ts';
import type { StreamPass } from '../../core/stream/pass.ts';
import { positionText, type StreamPosition } from '../../core/stream/position.ts';
import { rfc3339 } from '../../core/time.ts';
import type { LiveBatch, ReadingsPage } from '../../durable-objects/region/api.ts';
import { READER_PATH } from '../../durable-objects/region/readers.ts';
import { logLine } from '../../durable-objects/log.ts';
import { regionStub } from '../../durable-objects/stub.ts';
import type { StreamGap, StreamReading, StreamReadings } from '../../schema/api/stream.ts';
import type { EdgeBindings } from '../env.ts';
import { nowMs } from './clock.ts';
import type { Bell, EventSink } from './event-stream.ts';

/** Between two pages of one region: several batches share a request. */
const GATHER_MS = 250;
/** Without a bell it is asked this often. */
const POLL_MS = 5_000;
/** With one, in case that it is broken and nobody noticed. */
const CHECK_MS = 300_000;
const RETRY_MS = 2_000;

type Regions = Pick<EdgeBindings, 'REGION'>;
export type BellLine = { readonly bell: Bell; socket: WebSocket | null };

/** 101, or the status with which the region refuses one more reader. */
export async function ringUp(
  { REGION }: Regions,
  cell: RegionCell,
  reader: string,
  pass: string,
  line: BellLine,
): Promise<number> {
  const query = new URLSearchParams({ reader, pass }).toString();
  const request = new Request(`https://region${READER_PATH}?${query}`, { headers: { upgrade: 'websocket' } });
  const answer = await regionStub(REGION, cell).fetch(request);
  const socket = answer.webSocket;
  if (socket === null) return answer.status;
  socket.addEventListener('message', () => line.bell.ring());
  socket.addEventListener('close', () => {
    if (line.socket === socket) line.socket = null;
    line.bell.ring();
  });
  socket.accept();
  line.socket = socket;
  return answer.status;
}

export class ReadingsFollower {
  readonly #regions: Regions;
  readonly #pass: StreamPass;
  readonly #reader: string;
  readonly #position: Map<RegionCell, number>;
  readonly #sink: EventSink;

  constructor(regions: Regions, pass: StreamPass, reader: string, position: StreamPosition, sink: EventSink) {
    this.#regions = regions;
    this.#pass = pass;
    this.#reader = reader;
    this.#position = new Map(position);
    this.#sink = sink;
  }

  get id(): string {
    return positionText(this.#position);
  }

  /** Until the pass is over or the reader has gone. */
  async follow(cell: RegionCell, line: BellLine): Promise<void> {
    this.#sink.onEnd(() => {
      line.socket?.close();
      line.bell.ring();
    });
    while (!this.#isOver()) {
      const isRead = await this.#readOn(cell, line).catch((error: unknown) => {
        logLine({ code: 'stream-region-failed', region: cell, message: String(error) });
        return false;
      });
      if (!isRead) await line.bell.wait(this.#within(RETRY_MS));
      else await line.bell.wait(this.#within(line.socket === null ? POLL_MS : CHECK_MS));
      if (!this.#isOver()) await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    }
    line.socket?.close();
  }

  /** Everything up to the newest entry. */
  async #readOn(cell: RegionCell, line: BellLine): Promise<boolean> {
    if (line.socket === null) await ringUp(this.#regions, cell, this.#reader, this.#pass.id, line);
    for (;;) {
      const afterSeq = this.#position.get(cell) ?? 0;
      const { devices, quantities } = this.#pass;
      // A stub that has thrown is broken for good: each page takes a fresh one.
      const page = await regionStub(this.#regions.REGION, cell).readingsSince({
        reader: this.#reader,
        devices,
        quantities,
        afterSeq,
      });
      await this.#tellGap(cell, afterSeq, page);
      for (const batch of page.batches) {
        if (this.#isOver()) return true;
        this.#position.set(cell, batch.seq);
        // In line in the same turn as the position moves: no id ever covers what was not sent before it.
        await this.#sink.send({ id: this.id, event: 'readings', data: toData(cell, batch) });
      }
      this.#position.set(cell, Math.min(page.throughSeq, page.headSeq));
      if (page.throughSeq >= page.headSeq || this.#isOver()) return true;
    }
  }

  /** What the object no longer holds cannot be told, only that it was there. */
  async #tellGap(cell: RegionCell, afterSeq: number, { firstSeq, headSeq }: ReadingsPage): Promise<void> {
    const isCut = afterSeq + 1 < firstSeq;
    // The log is shorter than what the client has seen: another network, or an object that was lost.
    const isOther = afterSeq > headSeq;
    if (!isCut && !isOther) return;
    const data: StreamGap = { region: cell, after: afterSeq, next: isOther ? headSeq + 1 : firstSeq };
    this.#position.set(cell, data.next - 1);
    await this.#sink.send({ id: this.id, event: 'gap', data });
  }

  #isOver(): boolean {
    return this.#sink.isOver || nowMs() >= this.#pass.untilMs;
  }

  #within(ms: number): number {
    return Math.max(0, Math.min(ms, this.#pass.untilMs - nowMs()));
  }
}

function toData(cell: RegionCell, { seq, device, receivedMs, readings }: LiveBatch): StreamReadings {
  return {
    region: cell,
    seq,
    device,
    received: rfc3339(receivedMs),
    readings: readings.map(({ measuredMs, flag, ...reading }) => ({
      ...reading,
      flag: flag as StreamReading['flag'],
      time: rfc3339(measuredMs),
    })),
  };
}
