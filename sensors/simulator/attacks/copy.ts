import type { Attack } from './attack.ts';
import { between, normal, plausible, recordedAt } from './series.ts';

/** The noise is a share of the value, but its own for each attacker: half a percent to two. */
export const copy: Attack = {
  does: 'has no sensor and sends what its nearest neighbor sent, with 0.5 to 2 % noise, minutes later',
  falsifies: 'all that both stations measure',
  needs: null,
  partner: 'nearest',
  values: ({ own, other, seed }, hour) => {
    const noise = between(0.005, 0.02, seed, 'noise');
    return recordedAt(other ?? own, hour)
      .filter(({ quantity }) => own.has(quantity))
      .map(({ quantity, value }) => plausible(quantity, value * (1 + noise * normal(seed, quantity, hour))));
  },
};
