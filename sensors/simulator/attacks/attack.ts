/**
 * What an attack is: from the station's true series, perhaps another's, a seed and an hour to the values that the cheat
 * sends. Pure, and without state between hours, so that hours may be asked for in any order.
 */
import type { QuantityCode } from '../../../core/reading/quantity.ts';
import type { Series, Value } from '../slice.ts';

export type Scene = {
  /** What the attacker's station would honestly report. */
  readonly own: Series;
  /** The series it takes from elsewhere; null for attacks that need none. */
  readonly other: Series | null;
  readonly seed: string;
  /** First hour of the attack; everything before was honest. */
  readonly startHour: number;
};

/** Whose series the attack takes (`partnerOf` finds it). */
export type Partner = 'nearest' | 'farthest' | 'abroad';

export type Attack = {
  /** What the cheat does and what it hopes for, one sentence for the catalogue. */
  readonly does: string;
  /** Which quantities it falsifies, for the catalogue. */
  readonly falsifies: string;
  /** The station must measure one of these; null: any station will do. */
  readonly needs: readonly QuantityCode[] | null;
  readonly partner: Partner | null;
  /** For hours from `startHour` on. */
  readonly values: (scene: Scene, hour: number) => readonly Value[];
  /** How far the device's clock is behind, in hours of the rule set; absent: it is right. */
  readonly clockBehindHours?: (seed: string) => number;
};
