import { chance } from '../chance.ts';
import type { Attack } from './attack.ts';
import { recordedAt } from './series.ts';

const LEAST_HOURS = 2;
const MOST_HOURS = 9;

export const timeShift: Attack = {
  does: 'sends what was measured 2 to 9 h ago as new: a wrong time zone, or a proxy that delays',
  falsifies: 'all',
  needs: null,
  partner: null,
  values: ({ own, seed }, hour) =>
    recordedAt(own, hour - LEAST_HOURS - Math.floor(chance(seed, 'shift') * (MOST_HOURS - LEAST_HOURS + 1))),
};
