import type { Attack } from './attack.ts';
import { recordedAt } from './series.ts';

const elsewhere: Attack['values'] = ({ own, other }, hour) =>
  recordedAt(other ?? own, hour).filter(({ quantity }) => own.has(quantity));

export const location: Attack = {
  does: 'an honest sensor that stands at the other end of the city, up to 50 km from where it is registered',
  falsifies: 'place',
  needs: null,
  partner: 'farthest',
  values: elsewhere,
};

export const abroad: Attack = {
  does: 'an honest sensor that stands in another city, thousands of kilometers from where it is registered',
  falsifies: 'place',
  needs: null,
  partner: 'abroad',
  values: elsewhere,
};
