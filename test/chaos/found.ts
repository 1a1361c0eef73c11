/** Schedules that failed once, cut down, with what they found. */
import type { Step } from './schedule.ts';

export const FOUND: readonly { readonly what: string; readonly seed: number; readonly steps: readonly Step[] }[] = [
  {
    what: 'a key used elsewhere before its first own transaction: a reorganization then left a nonce that nobody would use',
    seed: 143,
    steps: [
      { do: 'use-key', times: 1 },
      { do: 'reorg', depth: 3, keep: false },
    ],
  },
];
