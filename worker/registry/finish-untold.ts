/**
 * Ends what a request began: an act that stands in D1 and that some region has not heard of, because Worker or client went
 * away in between. Nobody has to come back with it, neither its sender nor the device's next act.
 */
import { logLine } from '../../durable-objects/log.ts';
import { listUntold } from './act-store.ts';
import type { RegistryBindings } from './env.ts';
import { tellRegions } from './tell-regions.ts';

/** Younger ones are still with the request that brought them. */
const UNTOLD_MS = 30_000;
/** At a time: each asks D1 and one or two regions, and a Worker may ask so often only. */
const MAX_UNTOLD = 100;

export async function finishUntold(bindings: RegistryBindings, nowMs: number): Promise<void> {
  for (const recorded of await listUntold(bindings.DB, nowMs - UNTOLD_MS, MAX_UNTOLD)) {
    const { hash, kind, device } = recorded;
    // One that cannot be told holds up no other.
    try {
      const told = await tellRegions(bindings, recorded);
      logLine({ code: told.ok ? 'act-finished' : 'act-untold', hash, kind, device, ...(!told.ok && told.error) });
    } catch (error) {
      logLine({ code: 'act-untold', hash, kind, device, message: String(error) });
    }
  }
}
