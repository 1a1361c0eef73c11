/** Keys claimed beside a device that never measure, or no longer do, take no neighbor from it. */
import { expect, test } from 'vitest';
import { DAY0_MS, HOUR_MS, memberOf, reading, TestLog } from '../../test/support/region-log.ts';
import { postHour, type Values } from '../../test/support/town.ts';

const DEVICES = 10;
const VICTIM = 5;
const DAYS = 8;
const CLAIM_DAY = 3;
const KEYS = Array.from({ length: 24 }, (_, at) => DEVICES + at);

/** What the stranger does with its keys in each hour. */
type Attack = (log: TestLog, hour: number) => void;

/** In the same place cell as the victim: nobody is nearer. */
function keyOf(slot: number): ReturnType<typeof memberOf> {
  const { latitudeE5, longitudeE5 } = memberOf(VICTIM);
  return memberOf(slot, { tier: 0, latitudeE5, longitudeE5 });
}

const claim: Attack = (log, hour) => {
  if (hour !== CLAIM_DAY * 24) return;
  for (const slot of KEYS) log.add(keyOf(slot), DAY0_MS + hour * HOUR_MS + 1000);
};

const retire: Attack = (log, hour) => {
  if (hour !== CLAIM_DAY * 24) return;
  for (const slot of KEYS) log.add({ ...keyOf(slot), version: 2, status: 'retired' }, DAY0_MS + hour * HOUR_MS + 1500);
};

const postOnce =
  (code: string): Attack =>
  (log, hour) => {
    if (hour !== CLAIM_DAY * 24) return;
    const ms = DAY0_MS + hour * HOUR_MS + 1200;
    for (const slot of KEYS) log.post(slot, ms, [reading(code, ms, 20)]);
  };

function townUnder(...attacks: readonly Attack[]): TestLog {
  const log = new TestLog(DEVICES);
  const honest = (_slot: number, _hour: number, own: Values): Values => own;
  for (let hour = 0; hour < DAYS * 24; hour += 1) {
    for (const attack of attacks) attack(log, hour);
    postHour(log, DEVICES, hour, honest);
  }
  return log;
}

/** Verdicts, the numbers of neighbors behind them being part of the score, and days of the honest. */
function toldOf({ outputs }: TestLog, fromDay = 0): unknown {
  const fromHour = DAY0_MS / HOUR_MS + fromDay * 24;
  return {
    hours: outputs.hours
      .filter(({ hour }) => hour >= fromHour)
      .map(({ hour, cells }) => ({ hour, cells: cells.filter(([slot]) => slot < DEVICES) })),
    days: outputs.days
      .filter(({ member, epoch }) => epoch >= fromHour / 24 && member.tier > 0)
      .map(({ member, epoch, scoreBps, parts }) => [member.device, epoch, scoreBps, parts]),
    events: outputs.events.filter(({ slot }) => slot < DEVICES),
  };
}

/** Of the victim, by day. */
function scoresOf({ outputs }: TestLog): readonly number[] {
  return outputs.days.filter(({ member }) => member.device === memberOf(VICTIM).device).map(({ scoreBps }) => scoreBps);
}

const alone = townUnder();
const fullMarks = Array.from({ length: DAYS }, () => 10_000);

test.each([
  ['never measure', [claim]],
  ['are retired at once', [claim, retire]],
  ['measure once and are retired within the hour', [claim, postOnce('temp'), retire]],
  ['measure only what is compared nowhere', [claim, postOnce('lux')]],
] as const)('two dozen keys beside a device that %s change no verdict, score or event', (_name, attacks) => {
  const log = townUnder(...attacks);
  expect(log.state.devices).toHaveLength(DEVICES + KEYS.length);
  expect(toldOf(log)).toEqual(toldOf(alone));
  expect(scoresOf(log)).toEqual(fullMarks);
  expect(log.state.devices[VICTIM]?.near).toEqual(alone.state.devices[VICTIM]?.near);
});

test('two dozen that measured once leave with the next day, and the device keeps earning', () => {
  const log = townUnder(claim, postOnce('temp'));
  const scores = scoresOf(log);
  expect(scores.filter((_, day) => day < CLAIM_DAY || day > CLAIM_DAY + 1)).toEqual(fullMarks.slice(2));
  for (const day of [CLAIM_DAY, CLAIM_DAY + 1]) expect(scores[day]).toBeGreaterThanOrEqual(8000);
  expect(log.outputs.days.every(({ eligible, member }) => eligible || member.tier === 0)).toBe(true);
  expect(log.state.devices[VICTIM]?.near).toEqual(alone.state.devices[VICTIM]?.near);
});

test('who comes back after days of silence is a neighbor again from its first hour on', () => {
  const silent = 4;
  const log = new TestLog(DEVICES);
  const isNear: boolean[] = [];
  for (let hour = 0; hour < 5 * 24; hour += 1) {
    postHour(log, DEVICES, hour, (slot, at, own) => (slot === silent && at >= 20 && at < 100 ? undefined : own));
    isNear.push(log.state.devices[VICTIM]?.near.includes(silent) === true);
  }
  // Its last hour is 19: it counts for that day and the next one.
  expect(isNear).toEqual(isNear.map((_, hour) => hour < 48 || hour >= 100));
});
