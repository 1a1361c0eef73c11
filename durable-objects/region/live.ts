/**
 * Public subscribers of a region: hibernating WebSockets, so that an audience keeps nobody awake and costs nothing between
 * two closes (Durable Objects, WebSocket Hibernation API). Nothing is remembered of them but the sockets themselves.
 */
import { quantityByIndex } from '../../core/reading/quantity.ts';
import { FAIL } from '../../core/reading/reading.ts';
import { testCodes } from '../../core/qc/tests.ts';
import { hourStartMs, rfc3339 } from '../../core/time.ts';
import type { LiveEvent, LiveMessage } from '../../schema/api/live.ts';
import type { RegionMemory } from './memory.ts';
import type { Publication } from './publish.ts';

/** The runtime takes 32,768; a close must reach all of them within its turn. */
export const MOST_CONNECTIONS = 1000;
const MOST_PER_ADDRESS = 8;
const MOST_EVENTS = 200;
/** Tag of those who hear of closes; readers.ts has the others. */
const PUBLIC = 'public';

/** RFC 6455 section 7.4.1: we speak, subscribers listen. */
const POLICY_VIOLATION = 1008;

export class LiveAudience {
  readonly #ctx: DurableObjectState;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
    // Answered without waking the object.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'));
  }

  /** 101, or 429 / 503 where no more are taken. */
  join(address: string | null, hello: LiveMessage): Response {
    const tag = address === null ? undefined : `from ${address.slice(0, 64)}`;
    if (tag !== undefined && this.#ctx.getWebSockets(tag).length >= MOST_PER_ADDRESS)
      return new Response(null, { status: 429 });
    if (this.#ctx.getWebSockets().length >= MOST_CONNECTIONS) return new Response(null, { status: 503 });
    const { 0: theirs, 1: ours } = new WebSocketPair();
    this.#ctx.acceptWebSocket(ours, tag === undefined ? [PUBLIC] : [PUBLIC, tag]);
    ours.send(JSON.stringify(hello));
    return new Response(null, { status: 101, webSocket: theirs });
  }

  tell(message: LiveMessage): void {
    const text = JSON.stringify(message);
    for (const socket of this.#ctx.getWebSockets(PUBLIC)) {
      try {
        socket.send(text);
      } catch {
        // Closed at the other end and not yet cleared away; the next message will not meet it.
      }
    }
  }

  refuse(socket: WebSocket): void {
    socket.close(POLICY_VIOLATION, 'this stream only speaks');
  }
}

export function helloOf({ state, rules }: RegionMemory): LiveMessage {
  const { closedThrough, devices, batches, readings } = state;
  return {
    type: 'hello',
    cell: state.charter?.cell ?? '',
    closedUntil: closedThrough === null ? null : rfc3339(hourStartMs(closedThrough + 1, rules.time)),
    devices: devices.filter(({ membership }) => membership.status !== 'retired').length,
    batches,
    readings,
    openFlags: devices.reduce((sum, device) => sum + device.events.length, 0),
    events: [],
  };
}

export function closedOf(publication: Publication, memory: RegionMemory): LiveMessage {
  const { hour, batches, readings, outputs } = publication;
  const { state, rules } = memory;
  const events = outputs.events.slice(-MOST_EVENTS).map((event): LiveEvent => {
    const membership = state.devices[event.slot]?.membership;
    return {
      change: event.change,
      device: membership?.device ?? '',
      name: membership?.displayName ?? '',
      quantity: quantityByIndex(event.quantity)?.code ?? String(event.quantity),
      test: testCodes(event.test)[0] ?? String(event.test),
      flag: event.flag === FAIL ? 4 : 3,
      severity: event.severity,
      start: rfc3339(hourStartMs(event.startHour, rules.time)),
      end: event.endHour === null ? null : rfc3339(hourStartMs(event.endHour, rules.time)),
    };
  });
  const closedUntil = rfc3339(hourStartMs(hour + 1, rules.time));
  return { ...helloOf(memory), type: 'closed', closedUntil, batches, readings, events };
}
