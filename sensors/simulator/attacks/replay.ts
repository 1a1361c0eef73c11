import { chance } from '../chance.ts';
import type { Attack } from './attack.ts';
import { recordedAt } from './series.ts';

const LONGEST_DAYS = 13;

/** Whole days, so that the time of day fits, and no farther back than the device has a past. */
export const replay: Attack = {
  does: 'plays its own readings of some days ago again; the sensor may be sold',
  falsifies: 'all',
  needs: null,
  partner: null,
  values: ({ own, seed, startHour }, hour) => {
    const most = Math.min(LONGEST_DAYS, Math.floor(startHour / 24));
    const days = 1 + Math.floor(chance(seed, 'lag') * Math.max(1, most));
    return recordedAt(own, hour - 24 * days);
  },
};
