/** What the regions have to log because of an act. Each step is idempotent; all are repeated until all have been heard. */
import type { MaintenanceRefusal, RegionRefusal } from '../../core/errors.ts';
import type { DeviceId } from '../../core/ids.ts';
import { ok, type Result } from '../../core/result.ts';
import { readDevice } from '../adapters/d1/devices.ts';
import { callRegion, type RegionUnavailable } from '../adapters/region.ts';
import { registerDevice, tellRegion } from '../adapters/register-device.ts';
import type { EdgeRefusal } from '../middleware/edge-problems.ts';
import { markTold, type RecordedAct } from './act-store.ts';
import type { RegistryBindings } from './env.ts';

type Told = Promise<Result<unknown, RegionRefusal | MaintenanceRefusal | RegionUnavailable | EdgeRefusal>>;

export async function tellRegions(bindings: RegistryBindings, recorded: RecordedAct): Told {
  if (recorded.told) return ok(null);
  const told = await tell(bindings, recorded);
  if (told.ok) await markTold(bindings.DB, recorded.hash);
  return told;
}

async function tell(bindings: RegistryBindings, recorded: RecordedAct): Told {
  const { signed, outcome, device, version } = recorded;
  const { act } = signed;
  switch (act.kind) {
    case 'maintenance': {
      const { from, until } = act;
      const window = { kind: 'maintenance', device, fromMs: from * 1000, untilMs: until * 1000, act: signed } as const;
      return callRegion(bindings.REGION, outcome.cell, (region) => region.maintain(window, version));
    }
    case 'rotate': {
      // The heir first: with its row comes whose history it goes on with.
      const heir = await tellOf(bindings, act.successor);
      return heir.ok ? tellOf(bindings, device) : heir;
    }
    case 'claim':
    case 'transfer':
    case 'retire':
    case 'relocate': {
      const told = await tellOf(bindings, device);
      const current = await readDevice(bindings.DB, device);
      // Cut off between the two steps of a move: the old region has just heard of the first.
      if (!told.ok || current === null || current.membership.version >= version) return told;
      const moved = await registerDevice(bindings, outcome, version - 1, recorded.receivedMs);
      // Somebody else has taken the second step meanwhile.
      return moved.ok || moved.error.reason !== 'version-conflict' ? moved : tellOf(bindings, device);
    }
  }
}

/** The device's row as it is; of one that has moved, the old region was told before the row named the new one. */
async function tellOf(bindings: RegistryBindings, device: DeviceId): Told {
  const current = await readDevice(bindings.DB, device);
  return current === null ? ok(null) : tellRegion(bindings, current, current.past);
}
