/** What an `inherit` entry tells of a device, from what its present region knows. */
import type { DeviceLegacy } from './entry.ts';
import type { DeviceState } from './state.ts';

export function legacyOf({ highNonce, badHours, score30Bps }: DeviceState): DeviceLegacy {
  return { highNonce, badHours: badHours.reduce((sum, day) => sum + day, 0), scoreBps: score30Bps };
}
