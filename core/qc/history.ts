import type { Traits } from './traits.ts';

/** Four weeks of hourly values of one series, two printable characters each: what a replay of it would repeat. */
export const HISTORY_HOURS = 672;
/** Printable ASCII from `#` to `[`: no character that JSON would escape. */
const FIRST = 35;
const BASE = 57;
/** Levels wrap around; no sensor spans them within four weeks. */
const LEVELS = BASE * BASE;
/** Levels to a tolerance of the quantity. */
export const FINENESS = 5;
const NOTHING = '!!';
export const NOTHING_CODE = 33;

/** The value on the grid of the history, not yet wrapped. */
export function historyLevel({ scaled, traits }: { readonly scaled: number; readonly traits: Traits }): number {
  return Math.round((scaled * FINENESS) / traits.same);
}

/** `history` with the level of `hour`; hours between `before` and it hold nothing. */
export function writeHistory(history: string, before: number, hour: number, level: number): string {
  let text = history === '' ? NOTHING.repeat(HISTORY_HOURS) : history;
  if (before >= 0 && hour - before >= HISTORY_HOURS) text = NOTHING.repeat(HISTORY_HOURS);
  else if (before >= 0) for (let at = before + 1; at < hour; at += 1) text = put(text, at, NOTHING);
  const wrapped = wrapLevel(level);
  return put(text, hour, String.fromCharCode(FIRST + Math.floor(wrapped / BASE), FIRST + (wrapped % BASE)));
}

function put(text: string, hour: number, two: string): string {
  const at = (hour % HISTORY_HOURS) * 2;
  return text.slice(0, at) + two + text.slice(at + 2);
}

/** Level of the hour, -1: nothing. Only for hours inside the last four weeks. */
export function readHistory(history: string, hour: number): number {
  return levelAt(history, hour % HISTORY_HOURS);
}

function levelAt(history: string, position: number): number {
  return levelOf(history.charCodeAt(position * 2), history.charCodeAt(position * 2 + 1));
}

export function levelOf(high: number, low: number): number {
  return high === NOTHING_CODE ? -1 : (high - FIRST) * BASE + low - FIRST;
}

const encoder = new TextEncoder();
const characters = new Uint8Array(2 * HISTORY_HOURS);

/** The characters as bytes, for who reads them all; overwritten by each call. */
export function charactersOf(history: string): Uint8Array {
  encoder.encodeInto(history, characters);
  return characters;
}

/**
 * Marks the first characters that levels within `tolerance` of `level` can have, among all of ASCII: most hours are
 * told apart by one look at their first.
 */
export function markNear(near: Uint8Array, level: number, tolerance: number): void {
  // Half around the circle is everything.
  const isAll = !(tolerance < LEVELS / 2);
  near.fill(isAll ? 1 : 0);
  if (isAll) return;
  const until = Math.floor((level + tolerance) / BASE);
  for (let high = Math.floor((level - tolerance) / BASE); high <= until; high += 1)
    near[FIRST + ((high + BASE) % BASE)] = 1;
}

export function wrapLevel(level: number): number {
  return ((level % LEVELS) + LEVELS) % LEVELS;
}

/** Distance of two levels around the circle. */
export function levelDistance(a: number, b: number): number {
  const apart = a > b ? a - b : b - a;
  return apart > LEVELS - apart ? LEVELS - apart : apart;
}
