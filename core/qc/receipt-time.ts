/**
 * Receive time against device time. A device has a usual distance between its newest reading and the
 * receipt; one that grows says that its clock is off or that it dates back. Catching up after silence is honest, and so
 * is a backlog that gets shorter. Seconds here are seconds everywhere: clocks do not run by rule-set hours.
 */
import { FAIL, GOOD, SUSPECT, type Flag } from '../reading/reading.ts';

/** What is known of a device's posting. */
export type PostingHabit = {
  lastReceivedMs: number;
  /** Distance of the newest reading from its receipt at the last post. */
  lastLagMs: number;
  /** Usual distance, and usual pause between posts. */
  lagMs: number;
  pauseMs: number;
  posts: number;
  /** Last post whose times were not believed. */
  wrongMs: number;
};

export function newHabit(): PostingHabit {
  return { lastReceivedMs: 0, lastLagMs: 0, lagMs: 0, pauseMs: 0, posts: 0, wrongMs: 0 };
}

const LATE_MS = 300_000;
const AHEAD_MS = 60_000;
/** A device may always be this late: hourly means dated by their first minute, sent after the hour. */
const MOST_USUAL_MS = 3_900_000;
const NEAR_USUAL_MS = 60_000;
/** A pause this many times the usual one explains a backlog. */
const SILENCE = 1.4;
const FIRST_POSTS = 12;

/** Judges a post by its readings' first and last time, and remembers it. */
export function judgePost(habit: PostingHabit, oldestMs: number, newestMs: number, receivedMs: number): Flag {
  const lagMs = receivedMs - newestMs;
  const flag = verdictOf(habit, oldestMs, newestMs, receivedMs);
  const pauseMs = receivedMs - habit.lastReceivedMs;
  const isCloseToUsual = Math.abs(lagMs - habit.lagMs) <= NEAR_USUAL_MS;
  if (habit.posts < FIRST_POSTS) {
    const least = habit.posts === 0 ? lagMs : Math.min(habit.lagMs, lagMs);
    habit.lagMs = Math.max(0, Math.min(MOST_USUAL_MS, least));
  } else if (isCloseToUsual) habit.lagMs += Math.trunc((lagMs - habit.lagMs) / 16);
  if (habit.posts > 0)
    habit.pauseMs =
      habit.pauseMs === 0 || pauseMs < habit.pauseMs
        ? pauseMs
        : habit.pauseMs + Math.trunc((pauseMs - habit.pauseMs) / 16);
  habit.posts = Math.min(habit.posts + 1, FIRST_POSTS);
  habit.lastReceivedMs = receivedMs;
  habit.lastLagMs = lagMs;
  if (flag !== GOOD) habit.wrongMs = receivedMs;
  return flag;
}

function verdictOf(habit: PostingHabit, oldestMs: number, newestMs: number, receivedMs: number): Flag {
  const lagMs = receivedMs - newestMs;
  if (lagMs < -AHEAD_MS) return lagMs < -LATE_MS ? FAIL : SUSPECT;
  if (habit.posts === 0 || lagMs <= habit.lagMs + LATE_MS) return GOOD;
  const wasSilent = receivedMs - habit.lastReceivedMs > SILENCE * habit.pauseMs;
  if (newestMs > oldestMs && wasSilent) return GOOD;
  // Sending what is stored, piece by piece.
  if (habit.lastLagMs - lagMs > NEAR_USUAL_MS) return GOOD;
  return SUSPECT;
}
