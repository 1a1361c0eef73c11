/** What the regions have to log because of an act. Each step is idempotent; all are repeated until all have been heard. */
import type { RegionRefusal } from '../../core/errors.ts';
import type { DeviceId, RegionCell } from '../../core/ids.ts';
import type { MembershipBody } from '../../core/region/entry.ts';
import { ok, type Result } from '../../core/result.ts';
import { readDevice } from '../adapters/d1/devices.ts';
import { callRegion, type RegionUnavailable } from '../adapters/region.ts';
import { registerDevice } from '../adapters/register-device.ts';
import type { EdgeRefusal } from '../middleware/edge-problems.ts';
import { markTold, type RecordedAct } from './act-store.ts';
import type { RegistryBindings } from './env.ts';

type Told = Promise<Result<unknown, RegionRefusal | RegionUnavailable | EdgeRefusal>>;

export async function tellRegions(bindings: RegistryBindings, recorded: RecordedAct): Told {
  if (recorded.told) return ok(null);
  const told = await tell(bindings, recorded);
  if (told.ok) await markTold(bindings.DB, recorded.hash);
  return told;
}

async function tell(bindings: RegistryBindings, recorded: RecordedAct): Told {
  const { REGION, DB } = bindings;
  const { signed, outcome, device } = recorded;
  const { act } = signed;
  switch (act.kind) {
    case 'maintenance': {
      const { from, until } = act;
      const window = { kind: 'maintenance', device, fromMs: from * 1000, untilMs: until * 1000, act: signed } as const;
      return callRegion(REGION, outcome.cell, (region) => region.maintain(window));
    }
    case 'rotate':
      return tellOfRotation(bindings, recorded, act.successor);
    case 'claim':
    case 'transfer':
    case 'retire':
    case 'relocate': {
      const current = await readDevice(DB, device);
      if (current === null || current.membership.version > recorded.version) return ok(null);
      if (current.membership.version < recorded.version) {
        // Cut off between the two steps of a move: the old region comes first, and may not have heard of its own.
        const left = await tellMembership(bindings, current.cell, current.membership);
        if (!left.ok) return left;
        const moved = await registerDevice(bindings, outcome, recorded.version - 1, recorded.receivedMs);
        if (!moved.ok) return moved;
      }
      const told = await tellMembership(bindings, outcome.cell, outcome.membership);
      if (!told.ok || recorded.fromCell === null) return told;
      return passOn(bindings, recorded, recorded.fromCell, device, device);
    }
  }
}

/** The heir first, so that the region knows whom to give the history to; the old key is retired last. */
async function tellOfRotation(bindings: RegistryBindings, recorded: RecordedAct, successor: DeviceId): Told {
  const { device, outcome } = recorded;
  const { cell } = outcome;
  const heir = await tellMembership(bindings, cell, outcome.membership);
  if (!heir.ok) return heir;
  const inherited = await passOn(bindings, recorded, cell, device, successor);
  if (!inherited.ok) return inherited;
  const old = await readDevice(bindings.DB, device);
  return old === null ? ok(null) : tellMembership(bindings, cell, old.membership);
}

/** What `from` knows of `device` goes to `heir`, in the region of the outcome. */
async function passOn(
  { REGION }: RegistryBindings,
  { signed, outcome }: RecordedAct,
  from: RegionCell,
  device: DeviceId,
  heir: DeviceId,
): Told {
  const legacy = await callRegion(REGION, from, (region) => region.legacy(device));
  if (!legacy.ok) return legacy;
  if (legacy.value === null) return ok(null);
  const source = heir === device ? from : device;
  const inheritance = { kind: 'inherit', device: heir, from: source, ...legacy.value, act: signed } as const;
  return callRegion(REGION, outcome.cell, (region) => region.inherit(inheritance));
}

function tellMembership({ REGION }: RegistryBindings, cell: RegionCell, membership: MembershipBody): Told {
  return callRegion(REGION, cell, (region) => region.applyMembership(membership));
}
