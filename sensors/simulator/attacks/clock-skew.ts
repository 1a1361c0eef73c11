import type { Attack } from './attack.ts';
import { between, recordedAt } from './series.ts';

/**
 * True values under a wrong time. Behind only: a clock that is ahead is refused at the door. From a fifth of an hour, which
 * still falls into the hour itself, to most of one, which mostly misses its close.
 */
export const clockSkew: Attack = {
  does: 'true values, each posted at once and dated 12 to 50 min back',
  falsifies: 'time of measurement',
  needs: null,
  partner: null,
  values: ({ own }, hour) => recordedAt(own, hour),
  clockBehindHours: (seed) => between(0.2, 0.83, seed, 'skew'),
};
