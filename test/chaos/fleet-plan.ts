/** What goes wrong for a fleet of the simulator, and when: chosen by the seed alone. */
import { type FaultName, FAULT_NAMES } from '../../sensors/simulator/weather.ts';
import { randomOf } from './random.ts';

/** Ended with SIGKILL, as by a loss of power, and started again at once. */
export const VICTIMS = ['network', 'fleet', 'both'] as const;
export type Victim = (typeof VICTIMS)[number];

export type Kill = {
  readonly victim: Victim;
  /** Once the network has given so many receipts since the kill before, */
  readonly afterReceipts: number;
  /** and a little later, so that it falls anywhere within a request. */
  readonly andMs: number;
};

export type FleetPlan = {
  readonly seed: number;
  readonly devices: number;
  /** Uploads at one time. */
  readonly concurrency: number;
  /** A third of the batches each plain, compressed and compact; else all plain. */
  readonly isMixed: boolean;
  /** Every device has one of these every two days. */
  readonly faults: readonly FaultName[];
  readonly kills: readonly Kill[];
};

const LEAST_KILLS = 3;
/** Four days of backfill come in four or five batches a device: all kills fall well before the last one. */
const BATCHES_A_DEVICE = 3;

export function fleetPlan(seed: number): FleetPlan {
  const random = randomOf(seed ^ 0xf1ee7);
  const devices = 8 + random.below(17);
  const kills = LEAST_KILLS + random.below(4);
  const share = Math.floor((devices * BATCHES_A_DEVICE) / kills);
  return {
    seed,
    devices,
    concurrency: 1 + random.below(12),
    isMixed: random.below(2) === 0,
    faults: FAULT_NAMES.filter(() => random.below(3) > 0),
    kills: Array.from({ length: kills }, () => ({
      victim: random.pick(VICTIMS),
      afterReceipts: random.below(share),
      andMs: random.below(25),
    })),
  };
}
