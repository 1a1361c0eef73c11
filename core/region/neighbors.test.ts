import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DAY0_MS, HOUR_MS, memberOf, reading, TestLog } from '../../test/support/region-log.ts';
import { distanceMeters, type Place } from '../geo.ts';

const HOUR0 = DAY0_MS / HOUR_MS;
const DEVICES = 40;

const place = fc.record({
  latitudeE5: fc.integer({ min: 4_000_000, max: 4_090_000 }),
  longitudeE5: fc.integer({ min: -400_000, max: -300_000 }),
});
const slot = fc.nat(DEVICES - 1);
type Act =
  | { readonly kind: 'post'; readonly code: string; readonly slots: readonly number[] }
  | { readonly kind: 'move'; readonly slot: number; readonly place: Place }
  | { readonly kind: 'status'; readonly slot: number; readonly status: 'active' | 'retired' }
  | { readonly kind: 'close'; readonly hours: number };
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    kind: fc.constant('post' as const),
    // Light is not compared between places.
    code: fc.constantFrom('temp', 'temp', 'pm25', 'lux'),
    slots: fc.uniqueArray(slot, { maxLength: DEVICES }),
  }),
  fc.record({ kind: fc.constant('move' as const), slot, place }),
  fc.record({ kind: fc.constant('status' as const), slot, status: fc.constantFrom('active' as const, 'retired') }),
  fc.record({ kind: fc.constant('close' as const), hours: fc.integer({ min: 1, max: 40 }) }),
);

/** A region, and beside it what its lists are made of: who measured last when, and who counts since the last close. */
class Course {
  readonly log = new TestLog(0);
  readonly #lastHour = new Map<number, number>();
  readonly #version = new Map<number, number>();
  #hour = 0;
  measuring: ReadonlySet<number> = new Set();

  constructor(places: readonly Place[]) {
    for (const [at, where] of places.entries()) this.log.add(memberOf(at, where), DAY0_MS);
  }

  do(what: Act): void {
    const { devices } = this.log.state;
    const nowMs = DAY0_MS + this.#hour * HOUR_MS + 1000;
    if (what.kind === 'close') return this.#close(what.hours);
    if (what.kind === 'post') {
      for (const at of what.slots.filter((one) => one < devices.length)) {
        this.log.post(at, nowMs, [reading(what.code, nowMs, 20)]);
        if (what.code !== 'lux') this.#lastHour.set(at, this.#hour);
      }
      return;
    }
    const known = devices[what.slot]?.membership;
    if (known === undefined) return;
    const version = (this.#version.get(what.slot) ?? 1) + 1;
    this.#version.set(what.slot, version);
    this.log.add({ ...known, ...(what.kind === 'move' ? what.place : { status: what.status }), version }, nowMs);
  }

  #close(hours: number): void {
    const hour = this.#hour + hours - 1;
    this.log.close(HOUR0 + hour, DAY0_MS + (hour + 1) * HOUR_MS + 300_000);
    this.#hour += hours;
    const since = (Math.floor(hour / 24) - 1) * 24;
    this.measuring = new Set(
      [...this.#lastHour]
        .filter(([at, last]) => last >= since && this.log.state.devices[at]?.membership.status !== 'retired')
        .map(([at]) => at),
    );
  }

  /** Made from nothing. */
  listOf(of: number): number[] {
    const own = this.log.state.devices[of]?.membership;
    if (own === undefined) return [];
    return this.log.state.devices
      .map(({ membership }, at) => ({ at, id: membership.device, meters: distanceMeters(own, membership) }))
      .filter(({ at, meters }) => at !== of && meters <= 60_000 && this.measuring.has(at))
      .sort((a, b) => a.meters - b.meters || (a.id < b.id ? -1 : 1))
      .slice(0, 24)
      .map(({ at }) => at);
  }
}

test('whoever joins, moves, retires, begins or ceases to measure, every list holds the twenty-four nearest that measure', () => {
  fc.assert(
    fc.property(
      fc.array(place, { minLength: 1, maxLength: DEVICES }),
      fc.array(act, { maxLength: 12 }),
      (places, acts) => {
        const course = new Course(places);
        const all = Array.from({ length: DEVICES }, (_, at) => at);
        const begin: readonly Act[] = [
          { kind: 'post', code: 'temp', slots: all },
          { kind: 'close', hours: 1 },
        ];
        for (const one of [...begin, ...acts]) {
          course.do(one);
          const { devices } = course.log.state;
          expect(devices.map(({ near }) => near)).toEqual(devices.map((_, of) => course.listOf(of)));
        }
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);
