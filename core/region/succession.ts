/**
 * A device may change its key; the slot and all that is known of the device stay. Only what belongs to a key begins anew:
 * the nonces. Days that are closed stay under the key that measured them; where devices are compared or ranked, each goes
 * by its first key, so that a new one changes no order and sheds no evidence.
 */
import type { DeviceId } from '../ids.ts';
import type { SuccessionRefusal } from '../errors.ts';
import { err, ok, type Result } from '../result.ts';
import type { TimeRules } from '../rules/rule-set.ts';
import { epochOfHour } from '../time.ts';
import { startChain } from './chain.ts';
import type { SuccessionBody } from './entry.ts';
import type { DeviceState, RegionState } from './state.ts';

/** Of one device: each is kept for ever. */
export const MOST_KEYS = 64;

/**
 * Asked before the registry takes a rotation. Who has the key alone may change it once a day of the region, so that a thief
 * cannot use up the keys that the owner has left.
 */
export function admitSuccession(
  state: RegionState,
  from: DeviceId,
  isByKeysAlone: boolean,
  time: TimeRules,
): Result<null, SuccessionRefusal> {
  const former = state.devices.find(({ membership }) => membership.device === from)?.former ?? [];
  if (former.length >= MOST_KEYS) return err({ reason: 'too-many-keys', limit: MOST_KEYS });
  const last = former.at(-1);
  if (isByKeysAlone && last !== undefined && last.untilEpoch === openEpoch(state, time))
    return err({ reason: 'already-rotated', device: from });
  return ok(null);
}

export function succeed(state: RegionState, { device: successor, from }: SuccessionBody, time: TimeRules): void {
  const device = state.devices.find(({ membership }) => membership.device === from);
  if (device === undefined || knowsKey(state, successor)) return;
  if (device.former.length >= MOST_KEYS) return;
  const { version } = device.membership;
  device.former.push({ device: from, version: version + 1, untilEpoch: openEpoch(state, time) });
  // The membership that follows is the successor's own, and counts its versions from 1.
  device.membership = { ...device.membership, device: successor, version: 0 };
  device.highNonce = '';
  device.recent = [];
  startChain(device);
}

function knowsKey(state: RegionState, key: DeviceId): boolean {
  return state.devices.some(
    ({ membership, former }) => membership.device === key || former.some((known) => known.device === key),
  );
}

/** Its days are not closed yet. Null: the region has not begun. */
function openEpoch({ firstHour, closedThrough }: RegionState, time: TimeRules): number | null {
  const next = closedThrough === null ? firstHour : closedThrough + 1;
  return next === null ? null : epochOfHour(next, time);
}

/** The key under which the day of `epoch` was closed, or will be. */
export function keyAt({ former, membership }: DeviceState, epoch: number): DeviceId {
  for (const { device, untilEpoch } of former) if (untilEpoch !== null && epoch < untilEpoch) return device;
  return membership.device;
}

export function firstKey({ former, membership }: DeviceState): DeviceId {
  return former[0]?.device ?? membership.device;
}
