/**
 * Three days of six stations with a copier, outages, late and overtaken readings and faults: every branch of the fold, from a fixed
 * sequence. Its state hash must come out the same on Node and workerd.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { encodeState } from '../../core/region/state.ts';
import { DAY0_MS, HOUR_MS, reading, TestLog } from './region-log.ts';

/** Numerical Recipes' linear congruential generator: the same numbers wherever integers are 32 bits. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export function syntheticLog(): TestLog {
  const log = new TestLog(6);
  const next = sequence(20261122);
  for (let hour = 0; hour < 72; hour += 1) {
    const hourMs = DAY0_MS + hour * HOUR_MS;
    for (let slot = 0; slot < 6; slot += 1) {
      if (next() < 0.05) continue;
      const like = slot === 5 ? 2 : slot;
      const readings = [0, 15, 30, 45].flatMap((minute) => {
        const atMs = hourMs + minute * 60_000;
        const wave = ((hour * 53 + like * 17 + minute) % 97) / 3;
        const spike = next() < 0.01 ? 900 : 0;
        return [
          reading('temp', atMs, 12 + wave / 4 + spike),
          reading('pm25', atMs, 8 + wave),
          reading('rh', atMs, 40 + wave),
        ];
      });
      const isCutShort = next() < 0.03;
      const sentMs = hourMs + HOUR_MS - 60_000 + slot * 500;
      // Two posts of one device that overtake each other.
      if (hour % 9 === 4) log.post(slot, sentMs, readings.splice(6));
      log.post(slot, sentMs, isCutShort ? readings.slice(0, 3) : readings);
    }
    log.close(DAY0_MS / HOUR_MS + hour, hourMs + HOUR_MS + 300_000);
    if (hour === 40) log.post(0, hourMs + HOUR_MS + 310_000, [reading('temp', DAY0_MS + 20 * HOUR_MS + 1000, 14)]);
  }
  return log;
}

export function syntheticStateHash(): string {
  return bytesToHex(sha256(encodeState(syntheticLog().state)));
}
