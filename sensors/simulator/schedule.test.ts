import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import { epochOf, firstHourOf, hourOf } from '../../core/time.ts';
import { BATCH_HOURS, backfillStart, measuredMs, nextSend, sendMs } from './schedule.ts';

const NOW = 1_795_000_000_000;
const rules = fc.constantFrom(LOCAL_RULES.time, MAIN_RULES.time);

test('a device measures inside its hour and sends inside it, after measuring', () => {
  fc.assert(
    fc.property(rules, fc.integer({ min: 0, max: 1e8 }), fc.string(), (time, hour, station) => {
      const measured = measuredMs(hour, station, time);
      expect(hourOf(measured, time)).toBe(hour);
      expect(sendMs(hour, station, time)).toBeGreaterThan(measured);
      expect(hourOf(sendMs(hour, station, time), time)).toBe(hour);
    }),
  );
});

test('a new device begins four epochs ago, at the start of the day', () => {
  const time = LOCAL_RULES.time;
  const from = firstHourOf(epochOf(NOW, time) - 4, time);
  expect(nextSend(null, 'x', NOW, time)).toEqual({
    kind: 'send',
    from,
    through: from + BATCH_HOURS - 1,
  });
});

test('a device that was away goes on after its last hour, unless that is more than four epochs ago', () => {
  const time = LOCAL_RULES.time;
  const current = hourOf(NOW, time);
  expect(nextSend(current - 30, 'x', NOW, time)).toMatchObject({ from: current - 29 });
  expect(nextSend(current - 500, 'x', NOW, time)).toMatchObject({ from: firstHourOf(epochOf(NOW, time) - 4, time) });
});

test('whenever a device wakes, it sends the oldest hour of the last four epochs it has not sent, and none ahead', () => {
  fc.assert(
    fc.property(rules, fc.array(fc.integer({ min: 1, max: 15_000 }), { maxLength: 40 }), (time, pausesInHundredths) => {
      let nowMs = NOW;
      let sentThrough: number | null = null;
      for (const pause of pausesInHundredths) {
        const next = nextSend(sentThrough, 'x', nowMs, time);
        if (next.kind === 'wait') {
          expect(next.untilMs).toBeGreaterThan(nowMs);
          nowMs = next.untilMs;
          continue;
        }
        expect(next.from).toBe(Math.max(sentThrough === null ? 0 : sentThrough + 1, backfillStart(nowMs, time)));
        expect(next.through).toBeGreaterThanOrEqual(next.from);
        expect(next.through - next.from).toBeLessThan(BATCH_HOURS);
        expect(measuredMs(next.through, 'x', time)).toBeLessThanOrEqual(nowMs);
        sentThrough = next.through;
        nowMs += pause * time.hourSeconds * 10;
      }
    }),
  );
});
