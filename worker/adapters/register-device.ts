/**
 * A device's row and the membership entries that repeat it. D1 decides first; a region that missed its entry is told again
 * by the same call, because a change that is already there counts as done.
 */
import type { RegionRefusal } from '../../core/errors.ts';
import { signedActText, type SignedAct } from '../../core/lifecycle/signed-act.ts';
import type { MembershipBody } from '../../core/region/entry.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { EdgeBindings } from '../env.ts';
import type { EdgeRefusal } from '../middleware/edge-problems.ts';
import { NO_PAST, type DevicePast } from '../../durable-objects/region/api.ts';
import { readDevice, replaceDevice, type Registration } from './d1/devices.ts';
import { callRegion } from './region.ts';

type Bindings = Pick<EdgeBindings, 'DB' | 'REGION'>;
type Registered = Result<number, EdgeRefusal | RegionRefusal>;

/**
 * `wanted`: the registration as it shall be, but for `version` and `claimedMs`, which are decided here. `beside` goes into the
 * transaction that makes the first change. Answers the new version.
 */
export async function registerDevice(
  bindings: Bindings,
  wanted: Registration,
  expected: number,
  nowMs: number,
  beside: readonly D1PreparedStatement[] = [],
): Promise<Registered> {
  const { device } = wanted.membership;
  const current = await readDevice(bindings.DB, device);
  const claimedMs = current?.membership.claimedMs ?? nowMs;
  const at = (registration: Registration, version: number): Registration => ({
    cell: registration.cell,
    membership: { ...registration.membership, version, claimedMs },
  });
  const present = current?.membership.version ?? 0;
  const past = { ...NO_PAST, ...current?.past };
  if (current !== null && isDone(current, at(wanted, present), expected)) return tellRegion(bindings, current, past);
  if (present !== expected) return err({ reason: 'version-conflict', current: present });

  if (current === null || current.cell === wanted.cell)
    return change(bindings, at(wanted, expected + 1), expected, past, beside);
  const moved = { ...past, cameFrom: current.cell };
  if (current.membership.status !== 'retired') {
    // A move is two versions: the old region retires the device before the new one takes its batches, and of the two entries
    // that the logs will hold, the later version says for ever which region owns it.
    const left = at({ cell: current.cell, membership: leaving(current.membership, wanted.membership) }, expected + 1);
    const retired = await change(bindings, left, expected, past, beside);
    return retired.ok ? change(bindings, at(wanted, expected + 2), expected + 1, moved) : retired;
  }
  // The old region may have missed that: what it has to hand over, it notes when it hears of it.
  const told = await tellRegion(bindings, current, past);
  return told.ok ? change(bindings, at(wanted, expected + 1), expected, moved, beside) : told;
}

/** What the old region is told of a device that goes elsewhere: why, too. */
function leaving(membership: MembershipBody, { act }: MembershipBody): MembershipBody {
  const { act: _before, ...rest } = membership;
  return { ...rest, status: 'retired', ...(act === undefined ? {} : { act }) };
}

/** The change based on `expected` was made before, by one version or, where it was a move, by two. */
function isDone(current: Registration, wanted: Registration, expected: number): boolean {
  const steps = current.membership.version - expected;
  return (
    (steps === 1 || steps === 2) &&
    current.cell === wanted.cell &&
    sameMembership(current.membership, wanted.membership)
  );
}

function sameMembership(left: MembershipBody, right: MembershipBody): boolean {
  const keys = (Object.keys(left) as (keyof MembershipBody)[]).filter((key) => key !== 'act');
  return keys.every((key) => left[key] === right[key]) && textOf(left.act) === textOf(right.act);
}

function textOf(act: SignedAct | undefined): string | null {
  return act === undefined ? null : signedActText(act);
}

async function change(
  bindings: Bindings,
  registration: Registration,
  expected: number,
  past: DevicePast,
  beside: readonly D1PreparedStatement[] = [],
): Promise<Registered> {
  if (await replaceDevice(bindings.DB, registration, expected, past, beside))
    return tellRegion(bindings, registration, past);
  const now = await readDevice(bindings.DB, registration.membership.device);
  return err({ reason: 'version-conflict', current: now?.membership.version ?? 0 });
}

/** A region that has missed something gets it with the next word. */
export async function tellRegion(
  bindings: Bindings,
  { cell, membership }: Registration,
  past: DevicePast,
): Promise<Registered> {
  const told = await callRegion(bindings.REGION, cell, (region) => region.applyMembership(membership, past));
  return told.ok ? ok(membership.version) : told;
}
