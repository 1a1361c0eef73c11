/** The simulator as a process of its own, so that it can be killed at any instruction. Ends when every device has caught up. */
import { LOCAL_RULES } from '../../core/rules/local.ts';
import type { FleetDevice } from '../../sensors/simulator/device.ts';
import { runFleet } from '../../sensors/simulator/fleet.ts';
import type { FleetPlan } from './fleet-plan.ts';

export type FleetTask = {
  readonly devices: readonly FleetDevice[];
  readonly stateDir: string;
  readonly plan: FleetPlan;
};

process.once('message', ({ devices, stateDir, plan }: FleetTask) => {
  const { faults, isMixed, concurrency, seed } = plan;
  const weather = { rate: 1, faults };
  const options = { devices, stateDir, isMixed, concurrency, weather, seed: String(seed) };
  const { signal } = new AbortController();
  void runFleet({ ...options, rules: LOCAL_RULES, signal, isBackfillOnly: true }, () => {}).then(() => process.exit(0));
});
