import type { Flag } from '../reading/reading.ts';

/** What one test found in one cell: enough to explain it to the owner of the device. */
export type Finding = {
  readonly test: number;
  readonly flag: Flag;
  /** How far beyond honest, in the test's own measure. */
  readonly severity: number;
  readonly measured: number;
  readonly low: number | null;
  readonly high: number | null;
  /** Devices that it was compared with. */
  readonly slots: readonly number[];
};
