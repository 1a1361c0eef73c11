/**
 * Why something was flagged, in words for the owner of the device: what was measured against what was expected, and what
 * to do. One sentence each; the codes stay stable, the words may change.
 */
import type { Quantity } from '../reading/quantity.ts';

export type FlagFacts = {
  /** In the quantity's unit, except: hours for `flat`, `shifted` and `replay`, seconds for `time`, a logarithm for `quiet`, a share for `noisy`. */
  readonly measured: number;
  /** Band of honest values; null: open end. */
  readonly expected: readonly [number | null, number | null];
  /** Name of the device that the series was compared with. */
  readonly against?: string;
};

export type Explanation = { readonly reason: string; readonly remedy: string };

export function explain(test: string, facts: FlagFacts, quantity: Quantity): Explanation {
  const { label, unit } = quantity;
  const value = `${shown(facts.measured, quantity)} ${unit}`;
  const other = facts.against ?? 'another device';
  switch (test) {
    case 'range':
      return {
        reason: `${label} read ${value}; values ${band(facts.expected, quantity)} are possible.`,
        remedy: 'Check the unit that the device sends and the wiring of the sensor; replace it if the value stays.',
      };
    case 'step':
      return {
        reason: `${label} jumped to ${value}; after the readings before it, values ${band(facts.expected, quantity)} are plausible.`,
        remedy: 'Check for a loose contact, an unstable supply, or smoke, steam and sun right at the inlet.',
      };
    case 'flat':
      return {
        reason: `${label} kept exactly the same value for ${hours(facts.measured)}; ${flatBand(facts.expected)}.`,
        remedy: 'Restart the device; if the value stays, the sensor is stuck and has to be cleaned or replaced.',
      };
    case 'neighbour':
      return {
        reason: `${label} read ${value} while devices nearby put it ${band(facts.expected, quantity)}.`,
        remedy: 'Look for a local source or a sheltered inlet; if there is none, clean or calibrate the sensor.',
      };
    case 'bias':
      return {
        reason: `${label} has kept away from its usual distance to the devices nearby: about ${value} lately, expected ${band(facts.expected, quantity)}.`,
        remedy: 'Check the unit that is sent and whether the device was moved; clean or calibrate the sensor.',
      };
    case 'place':
      return {
        reason: `${label} read ${value}; at this place, devices nearby make values ${band(facts.expected, quantity)} likely.`,
        remedy:
          'Check that the device stands where it was registered, in free air, away from walls, vents and exhausts.',
      };
    case 'quiet':
      return {
        reason: `${label} moves far less than the devices nearby do.`,
        remedy:
          'Bring the device into free air: indoors, in a closed box or behind a blocked inlet values stand still.',
      };
    case 'noisy':
      return {
        reason: `${label} jumps about far more than it used to, and the devices nearby do not.`,
        remedy: 'Check the supply, the cable and the ground of the sensor; replace a sensor at the end of its life.',
      };
    case 'apart':
      return {
        reason: `${label} and the rest of this device no longer follow the devices nearby.`,
        remedy:
          'Check where the device stands and that it sends what it measures; ask for a review if the place changed.',
      };
    case 'shifted':
      return {
        reason: `${label} follows the devices nearby about ${hours(facts.measured)} late.`,
        remedy:
          'Set the clock and the time zone of the device: times are UTC, of the measurement and not of the upload.',
      };
    case 'replay':
      return {
        reason: `The device repeats what it sent ${hours(facts.measured)} ago.`,
        remedy: 'Send what the device measures now; clear a queue that is stuck on old readings.',
      };
    case 'time':
      return {
        reason: `${label} was dated ${Math.round(Math.abs(facts.measured) / 60)} minutes ${facts.measured < 0 ? 'after' : 'before'} its receipt, unlike what this device usually does.`,
        remedy: 'Synchronize the clock of the device (NTP or GNSS) and date readings by the time of measurement.',
      };
    case 'jump':
      return {
        reason: `${label} left its own level for ${value}; values ${band(facts.expected, quantity)} were to be expected.`,
        remedy: 'Check the sensor and its surroundings; no device nearby can tell whether this was real.',
      };
    case 'zero':
      return {
        reason: `${label} read exactly nothing for hours while devices nearby put it ${band(facts.expected, quantity)}.`,
        remedy: 'Check the pump, the inlet and the supply of the sensor; announce maintenance before a calibration.',
      };
    case 'consistency':
      return {
        reason: `${label} read ${value}; what the device measures beside it allows values ${band(facts.expected, quantity)}.`,
        remedy:
          'Check that each quantity is sent under its own name and unit; clean and recalibrate the sensor that is off.',
      };
    case 'copy':
      return {
        reason: `${label} repeats the readings of ${other}.`,
        remedy: 'Send what this device measures itself; if both really stand together, ask for a review.',
      };
    case 'late':
      return {
        reason: `${label} arrived after its hour had been closed.`,
        remedy: 'Check the uplink and the clock of the device; late data is kept and sold, but not paid.',
      };
    default:
      return { reason: `${label} failed the test "${test}" with ${value}.`, remedy: 'Ask for a review of this flag.' };
  }
}

/** As fine as the sensor tells: words need no more digits than readings have. */
function shown(value: number, { stepsPerUnit }: Quantity): number {
  return Math.round(value * stepsPerUnit) / stepsPerUnit;
}

function band([low, high]: FlagFacts['expected'], quantity: Quantity): string {
  const text = (value: number) => `${shown(value, quantity)}`;
  if (low !== null && high !== null) return `between ${text(low)} and ${text(high)} ${quantity.unit}`;
  if (low !== null) return `from ${text(low)} ${quantity.unit} up`;
  return high === null ? 'of any size' : `up to ${text(high)} ${quantity.unit}`;
}

function flatBand([, high]: FlagFacts['expected']): string {
  return high === null ? 'real air is never that still' : `more than ${hours(high)} is not natural`;
}

function hours(count: number): string {
  const rounded = Math.round(count * 10) / 10;
  return rounded === 1 ? '1 hour' : `${rounded} hours`;
}
