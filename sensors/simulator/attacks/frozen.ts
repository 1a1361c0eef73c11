import type { Attack } from './attack.ts';
import { lastBefore, recordedAt } from './series.ts';

/** Half of the quantities, the first among them: what hangs on one bus. A fault rather than a cheat, and paid alike. */
export const frozen: Attack = {
  does: 'half of the sensors hang and repeat their last value; the others go on',
  falsifies: 'every other quantity of the station',
  needs: null,
  partner: null,
  values: ({ own, startHour }, hour) => {
    const hung = new Set([...own.keys()].filter((_, position) => position % 2 === 0));
    return recordedAt(own, hour).map((value) => {
      if (!hung.has(value.quantity)) return value;
      return { ...value, value: lastBefore(own, value.quantity, startHour - 1) ?? value.value };
    });
  },
};
