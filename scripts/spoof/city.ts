/**
 * One city of data/slices as a region: its stations report hour by hour to the fold that the network runs, each as it
 * behaves. Hour 0 is the first of the slice.
 */
import type { DeviceId, OwnerAddress } from '../../core/ids.ts';
import { quantityByCode } from '../../core/reading/quantity.ts';
import type { Reading } from '../../core/reading/reading.ts';
import { conversionOf, stepsOf } from '../../core/reading/units.ts';
import type { CharterBody, MembershipBody } from '../../core/region/entry.ts';
import type { Outputs } from '../../core/region/outputs.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import { hashRuleSet } from '../../core/rules/rule-set.ts';
import { hourStartMs } from '../../core/time.ts';
import { type Behaviour, clockBehindHours, HONEST, originalOf, valuesAt } from '../../sensors/simulator/behaviour.ts';
import { measuredMs, sendMs } from '../../sensors/simulator/schedule.ts';
import { SENT_UNITS, type Slices, type StationRecord, type Value } from '../../sensors/simulator/slice.ts';
import { FoldLog } from '../lib/fold-log.ts';
import { publicElevation, publicPlaceOf, regionBoundary } from '../place.ts';

/** A UTC midnight, so that a slice's days are epochs. */
const FIRST_HOUR = Date.UTC(2026, 8, 1) / 3_600_000;
const TIME = MAIN_RULES.time;
/** A copy is posted this long after its original. */
const COPY_DELAY_MS = 90_000;

export type City = { readonly slices: Slices; readonly name: string; readonly stations: readonly StationRecord[] };

/** The cities, each with all its stations; a city is one region of H3. */
export function citiesOf(slices: Slices): readonly City[] {
  return [...Map.groupBy(slices.stations, ({ region }) => region)].map(([name, stations]) => ({
    slices,
    name,
    stations,
  }));
}

export function without(city: City, station: string | null): City {
  return { ...city, stations: city.stations.filter(({ id }) => id !== station) };
}

export function slotOf(city: City, station: string): number {
  return city.stations.findIndex(({ id }) => id === station);
}

export function openCity(city: City): FoldLog {
  const log = new FoldLog(MAIN_RULES);
  const openedMs = hourStartMs(FIRST_HOUR, TIME);
  log.add(charterOf(city), openedMs);
  city.stations.forEach((station, slot) => log.add(memberOf(station, slot, openedMs), openedMs));
  return log;
}

function charterOf({ name, stations }: City): CharterBody {
  const cells = new Set(stations.map((station) => publicPlaceOf(station).cell));
  const [cell, second] = cells;
  if (cell === undefined || second !== undefined) throw new Error(`${name} is ${cells.size} regions, not one`);
  return {
    kind: 'rule-set',
    rules: MAIN_RULES.name,
    ruleSetHash: hashRuleSet(MAIN_RULES),
    cell,
    regionName: name,
    boundary: regionBoundary(cell),
  };
}

/** Ids of the right shape; nobody signs here. */
function memberOf(station: StationRecord, slot: number, claimedMs: number): MembershipBody {
  const { place, latitudeE5, longitudeE5 } = publicPlaceOf(station);
  return {
    kind: 'membership',
    version: 1,
    device: `did:key:z6Mk${'a'.repeat(40)}${String(1000 + slot).replaceAll('0', 'z')}` as DeviceId,
    status: 'active',
    owner: `0x${String(slot + 1).padStart(40, '0')}` as OwnerAddress,
    displayName: station.name,
    place,
    latitudeE5,
    longitudeE5,
    elevationM: publicElevation(station.elevationM),
    tier: 1,
    density: place,
    claimedMs,
  };
}

export type Span = { readonly from: number; readonly until: number };

export type Attacker = { readonly station: string; readonly behaviour: Behaviour };

/**
 * Hours of the attacker whose values the region did not take at the door: late, refused or known already. Nothing else is
 * read from receipts, so that what the fold says of an hour counts once.
 */
export function reportHours(
  log: FoldLog,
  city: City,
  span: Span,
  seed: string,
  attacker: Attacker | null,
): ReadonlySet<number> {
  const notTaken = new Set<number>();
  for (let hour = span.from; hour < span.until; hour++) {
    const posts = city.stations
      .map(({ id }, slot) => {
        const behaviour = id === attacker?.station ? attacker.behaviour : HONEST;
        return {
          id,
          slot,
          receivedMs: postMs(id, behaviour, hour),
          readings: readingsAt(city, id, behaviour, seed, hour),
        };
      })
      .filter(({ readings }) => readings.length > 0)
      .sort((a, b) => a.receivedMs - b.receivedMs);
    for (const { id, slot, receivedMs, readings } of posts) {
      const { accepted, late } = log.post(slot, receivedMs, readings);
      if (id === attacker?.station && accepted - late < readings.length / 2) notTaken.add(hour);
    }
    log.close(FIRST_HOUR + hour, hourStartMs(FIRST_HOUR + hour + 1, TIME) + TIME.graceSeconds * 1000);
  }
  return notTaken;
}

function postMs(station: string, behaviour: Behaviour, hour: number): number {
  const own = sendMs(FIRST_HOUR + hour, station, TIME);
  const original = originalOf(behaviour);
  return original === null ? own : Math.max(own, sendMs(FIRST_HOUR + hour, original, TIME) + COPY_DELAY_MS);
}

function readingsAt(city: City, station: string, behaviour: Behaviour, seed: string, hour: number): Reading[] {
  const behindMs = Math.round(clockBehindHours(behaviour, station, seed, hour) * TIME.hourSeconds) * 1000;
  const atMs = measuredMs(FIRST_HOUR + hour, station, TIME) - behindMs;
  return valuesAt(city.slices, station, behaviour, seed, hour).map((value) => readingOf(value, atMs));
}

/** As the edge converts what was sent. */
function readingOf({ quantity: code, value }: Value, atMs: number): Reading {
  const quantity = quantityByCode(code);
  const conversion = quantity && conversionOf(quantity, SENT_UNITS[code] ?? null);
  const steps = conversion?.ok ? stepsOf(conversion.value, value) : null;
  if (!quantity || steps === null) throw new Error(`${code} ${value} cannot be sent`);
  return { quantity: quantity.index, measuredMs: atMs, steps };
}

/** Hours of the slice in which the attacker sends anything that an honest device would not. */
export function attackedHours({ slices }: City, { station, behaviour }: Attacker, span: Span, seed: string): number[] {
  return Array.from({ length: span.until - span.from }, (_, offset) => span.from + offset).filter((hour) => {
    const told = valuesAt(slices, station, behaviour, seed, hour);
    if (told.length > 0 && clockBehindHours(behaviour, station, seed, hour) > 0) return true;
    const truth = new Map(
      valuesAt(slices, station, HONEST, seed, hour).map(({ quantity, value }) => [quantity, value]),
    );
    return told.some(({ quantity, value }) => truth.get(quantity) !== value);
  });
}

/** Outputs with the slice's hours and days instead of the world's. */
export function inSliceTime({ hours, days, events }: Outputs): Pick<Outputs, 'hours' | 'days' | 'events'> {
  return {
    hours: hours.map((closed) => ({ ...closed, hour: closed.hour - FIRST_HOUR })),
    days: days.map((day) => ({ ...day, epoch: day.epoch - FIRST_HOUR / 24 })),
    events: events.map((event) => ({
      ...event,
      startHour: event.startHour - FIRST_HOUR,
      endHour: event.endHour === null ? null : event.endHour - FIRST_HOUR,
    })),
  };
}
