/** One flag: what was wrong, since when, why, and what to do about it. */
import type { FlagItem } from '../../schema/api/public.ts';
import { h } from '../dom/element.ts';
import { timeElement } from '../format.ts';
import { stateIcon } from '../icons.ts';
import { hourSecondsOf, quantityLabel, type Store } from '../live/store.ts';
import { stationLink } from '../route.ts';
import { testLabel } from './parts.ts';

export function flagView(store: Store, item: FlagItem, named: boolean): HTMLElement {
  const hourSeconds = hourSecondsOf(store);
  const state = item.flag === 4 ? 'fail' : 'suspect';
  return h(
    'li',
    { class: `flag flag-${state}`, 'data-key': `${item.device} ${item.quantity} ${item.test} ${item.start}` },
    stateIcon(state),
    h(
      'div',
      {},
      h(
        'p',
        { class: 'flag-title' },
        named ? h('a', { href: stationLink(item.device) }, item.name) : null,
        h(
          'span',
          {},
          `${quantityLabel(store, item.quantity)}: ${item.flag === 4 ? 'fail' : 'suspect'}, ${testLabel(item.test)}`,
        ),
      ),
      h('p', {}, item.reason),
      h('p', { class: 'remedy' }, item.remedy),
      item.against.length === 0 ? null : compared(item),
      h(
        'p',
        { class: 'muted flag-time' },
        timeElement(item.start, hourSeconds),
        ...(item.end === null
          ? [' – ', h('strong', { class: 'ongoing' }, 'goes on')]
          : [' – ', timeElement(item.end, hourSeconds)]),
      ),
    ),
  );
}

function compared({ against }: FlagItem): HTMLElement {
  const links = against.flatMap(({ device, name }, at) => [
    at === 0 ? '' : ', ',
    h('a', { href: stationLink(device) }, name),
  ]);
  return h('p', { class: 'muted' }, 'Compared with ', ...links, '.');
}
