/**
 * The stream that everybody may hear: counts and flags as a region's hours close, over the object's public WebSocket, and the
 * hourly values that are past the publication delay, from D1.
 */
import type { RegionCell } from '../../core/ids.ts';
import { testCodes } from '../../core/qc/tests.ts';
import { meanOf } from '../../core/query/rows.ts';
import { quantityByIndex } from '../../core/reading/quantity.ts';
import type { TimeRules } from '../../core/rules/rule-set.ts';
import { hourOf, hourStartMs, rfc3339 } from '../../core/time.ts';
import type { LiveMessage } from '../../schema/api/live.ts';
import type { PublicStreamValues } from '../../schema/api/stream.ts';
import { nowMs } from './clock.ts';
import { readPublicHours, type PublicHour } from './d1/public-hours.ts';
import { Bell, type EventSink } from './event-stream.ts';

/** Hours that a client may have missed; what is older stands at /v1/regions/{cell} and in /v1/observations. */
const MOST_HOURS = 24;

export async function followCloses(
  db: D1Database,
  cell: RegionCell,
  socket: WebSocket,
  rules: TimeRules,
  sink: EventSink,
  /** Last hour that the client has; null: it begins. */
  lastHour: number | null,
): Promise<void> {
  const bell = new Bell();
  const heard: LiveMessage[] = [];
  let isClosed = false;
  const end = (): void => {
    isClosed = true;
    bell.ring();
  };
  socket.addEventListener('message', ({ data }) => {
    // The region object's own messages (durable-objects/region/live.ts).
    heard.push(JSON.parse(String(data)) as LiveMessage);
    bell.ring();
  });
  socket.addEventListener('close', end);
  socket.accept();
  sink.onEnd(end);

  let newest = lastHour ?? lastPublicHour(rules) - 1;
  while (!isClosed) {
    for (let message = heard.shift(); message !== undefined; message = heard.shift())
      await sink.send({ event: message.type, data: message });
    const through = lastPublicHour(rules);
    const from = Math.max(newest + 1, through - MOST_HOURS + 1);
    for (const hour of await readPublicHours(db, cell, from, through)) {
      newest = hour.hour;
      await sink.send({ id: String(hour.hour), event: 'values', data: toValues(cell, hour, rules) });
    }
    await bell.wait(rules.hourSeconds * 1000);
  }
  // The reader connects again, and goes on after the hour that it has.
  socket.close();
}

/** The newest hour whose every reading is at least the publication delay old. */
function lastPublicHour(rules: TimeRules): number {
  return hourOf(nowMs() - rules.publicationDelaySeconds * 1000, rules) - 1;
}

function toValues(cell: RegionCell, { hour, cells, slots }: PublicHour, rules: TimeRules): PublicStreamValues {
  return {
    region: cell,
    hour: rfc3339(hourStartMs(hour, rules)),
    values: cells.flatMap(([slot, index, count, sum, , , flag, tests]) => {
      const device = slots[slot];
      const quantity = quantityByIndex(index);
      if (device === undefined || quantity === undefined || count === 0) return [];
      const value = meanOf(sum, count, quantity);
      const verdict = { flag: flag as PublicStreamValues['values'][number]['flag'], tests: testCodes(tests) };
      return [{ device, quantity: quantity.code, unit: quantity.unit, value, ...verdict }];
    }),
  };
}
