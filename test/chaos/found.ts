/** Schedules that failed once, cut down, with what they found. */
import type { Step } from './schedule.ts';

export const FOUND: readonly { readonly what: string; readonly seed: number; readonly steps: readonly Step[] }[] = [];
