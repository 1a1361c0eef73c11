/**
 * Bells of paid streams: a hibernating WebSocket each, over which the object says no more than "there is something new". The
 * edge then reads the log from its own cursor (readings-since.ts), so a bell that is lost or rung twice changes nothing, and
 * an object with nothing new sleeps while its readers wait.
 */
import type { DeviceId } from '../../core/ids.ts';
import { MOST_CONNECTIONS } from './live.ts';

/** The address that the edge asks for; no public route has it. */
export const READER_PATH = '/readings';
const READER = 'reader';
/** One who bought a stream may follow it in so many places at once. */
const MOST_PER_PASS = 4;

export class Readers {
  readonly #ctx: DurableObjectState;
  /** Null: not looked at since the object woke. */
  #isAnyone: boolean | null = null;
  /** What each reader waits for since its last page. Lost with an eviction; then its bell rings once too often. */
  readonly #waiting = new Map<string, ReadonlySet<DeviceId> | null>();
  readonly #rung = new Set<string>();

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
  }

  /** 101, or 429 / 503 where no more are taken. */
  join(reader: string, pass: string): Response {
    const tag = `pass ${pass.slice(0, 64)}`;
    if (this.#ctx.getWebSockets(tag).length >= MOST_PER_PASS) return new Response(null, { status: 429 });
    if (this.#ctx.getWebSockets().length >= MOST_CONNECTIONS) return new Response(null, { status: 503 });
    const { 0: theirs, 1: ours } = new WebSocketPair();
    this.#ctx.acceptWebSocket(ours, [READER, tag]);
    ours.serializeAttachment(reader.slice(0, 64));
    this.#isAnyone = true;
    return new Response(null, { status: 101, webSocket: theirs });
  }

  /** From here on the bell of this reader rings for these devices, once. */
  listen(reader: string, devices: readonly DeviceId[] | null): void {
    // Readers that are gone; whoever is still here is rung once too often.
    if (this.#waiting.size > MOST_CONNECTIONS) this.#forget();
    this.#rung.delete(reader);
    this.#waiting.set(reader, devices === null ? null : new Set(devices));
  }

  ring(device: DeviceId): void {
    if (this.#isAnyone === false) return;
    const sockets = this.#ctx.getWebSockets(READER);
    this.#isAnyone = sockets.length > 0;
    if (!this.#isAnyone) this.#forget();
    for (const socket of sockets) {
      const reader = String(socket.deserializeAttachment());
      if (this.#rung.has(reader) || this.#waiting.get(reader)?.has(device) === false) continue;
      this.#rung.add(reader);
      try {
        socket.send('new');
      } catch {
        // Closed at the other end and not yet cleared away.
      }
    }
  }

  #forget(): void {
    this.#waiting.clear();
    this.#rung.clear();
  }
}
