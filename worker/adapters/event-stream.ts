/** A `text/event-stream` answer that lives as long as its reader: events in the order given, and a heartbeat where there are none. */
import { encodeEvent, encodeRetry, HEARTBEAT, type StreamEvent } from '../../core/stream/event.ts';
import { logLine } from '../../durable-objects/log.ts';

/** Proxies close what is silent for a minute, some of them for half of one. */
const HEARTBEAT_MS = 15_000;
/** How soon a client comes back. */
const RETRY_MS = 2_000;

export class EventSink {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #encoder = new TextEncoder();
  readonly #heartbeat: ReturnType<typeof setInterval>;
  readonly #onEnd: (() => void)[] = [];
  #isOver = false;

  constructor(writable: WritableStream<Uint8Array>) {
    this.#writer = writable.getWriter();
    this.#heartbeat = setInterval(() => void this.#write(HEARTBEAT), HEARTBEAT_MS);
    // The reader has gone.
    this.#writer.closed.catch(() => this.#end());
    void this.#write(encodeRetry(RETRY_MS));
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Runs at once where it is over already. */
  onEnd(task: () => void): void {
    if (this.#isOver) task();
    else this.#onEnd.push(task);
  }

  /** In line before it returns; resolves when the reader has taken it, so that a slow reader slows us down. */
  send(event: StreamEvent): Promise<void> {
    return this.#write(encodeEvent(event));
  }

  async close(): Promise<void> {
    if (this.#isOver) return;
    this.#end();
    await this.#writer.close().catch(() => undefined);
  }

  async #write(text: string): Promise<void> {
    if (this.#isOver) return;
    try {
      await this.#writer.write(this.#encoder.encode(text));
    } catch {
      this.#end();
    }
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#heartbeat);
    for (const task of this.#onEnd) task();
  }
}

export function eventStream(run: (sink: EventSink) => Promise<void>): Response {
  const { readable, writable } = new IdentityTransformStream();
  const sink = new EventSink(writable);
  const running = run(sink).catch((error: unknown) => logLine({ code: 'stream-failed', message: String(error) }));
  void running.then(() => sink.close());
  return new Response(readable, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    },
  });
}

/** Rung while nobody waits, it rings for the next who does. */
export class Bell {
  #isRung = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#isRung = true;
    this.#wake?.();
  }

  async wait(atMostMs: number): Promise<void> {
    if (!this.#isRung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, atMostMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#wake = null;
    this.#isRung = false;
  }
}
