/** Every station of the shown region as a table; on a phone each row stands as a card. */
import type { RegionAnswer, Station } from '../../schema/api/public.ts';
import { meter } from '../chart.ts';
import { h } from '../dom/element.ts';
import { countText, percentText } from '../format.ts';
import { stateBadge } from '../icons.ts';
import { hourSecondsOf, shownRegion, type Sort, type SortKey, type Store } from '../live/store.ts';
import { stationLink } from '../route.ts';
import { openFlags, STATE_ORDER, stationState } from '../station-state.ts';
import { copyable, empty, skeleton, valueChip } from './parts.ts';
import { statusBadge } from './station.ts';

export function stationsView(store: Store): Node[] {
  const region = shownRegion(store);
  const name = store.regions?.find((item) => item.cell === store.cell)?.name;
  return [
    h(
      'div',
      { class: 'section-head' },
      h('h2', { id: 'stations-title' }, 'Stations', name === undefined ? '' : h('span', { class: 'of' }, ` ${name}`)),
      h('p', { class: 'muted' }, 'Latest public hourly means. A score is the quality of the last closed epoch.'),
    ),
    content(store, region),
  ];
}

function content(store: Store, region: RegionAnswer | null): HTMLElement {
  if (store.regions?.length === 0)
    return empty(
      'No stations yet',
      'Claim a device and send its first signed batch: npm run device -- init, claim, send.',
    );
  if (region === null) return skeleton(8);
  if (region.stations.length === 0)
    return empty('No stations yet', 'The region is known, but no device has been claimed in it.');
  return table(store, region);
}

function table(store: Store, region: RegionAnswer): HTMLElement {
  return h(
    'table',
    { class: 'stations stack', role: 'table' },
    h('caption', { class: 'sr-only' }, `Stations of ${region.name}, sortable`),
    h(
      'thead',
      { role: 'rowgroup' },
      h(
        'tr',
        { role: 'row' },
        header(store.sort, 'name', 'Station'),
        header(store.sort, 'state', 'State'),
        h('th', { scope: 'col', role: 'columnheader' }, 'Latest values'),
        header(store.sort, 'score', 'Score'),
        h('th', { scope: 'col', role: 'columnheader' }, 'Owner'),
      ),
    ),
    h(
      'tbody',
      { role: 'rowgroup' },
      sorted(region, store).map((station) => row(store, region, station)),
    ),
  );
}

function header(sort: Sort, key: SortKey, label: string): HTMLElement {
  const active = sort.key === key;
  return h(
    'th',
    { scope: 'col', role: 'columnheader', 'aria-sort': active ? (sort.descending ? 'descending' : 'ascending') : null },
    h(
      'button',
      { type: 'button', class: 'sort', 'data-action': 'sort', 'data-sort': key },
      label,
      h('span', { class: 'sort-mark', 'aria-hidden': 'true' }, active ? (sort.descending ? '▼' : '▲') : '↕'),
    ),
  );
}

function row(store: Store, region: RegionAnswer, station: Station): HTMLElement {
  const open = openFlags(station.device, region).length;
  const selected = store.route.kind === 'station' && store.route.device === station.device;
  return h(
    'tr',
    { role: 'row', 'data-key': station.device, class: selected ? 'selected' : null },
    h(
      'th',
      { scope: 'row', role: 'rowheader' },
      h('a', { href: stationLink(station.device) }, station.name),
      h('span', { class: 'sub' }, `tier ${station.tier}`),
    ),
    h(
      'td',
      { role: 'cell', class: 'state' },
      h(
        'span',
        { class: 'badges' },
        stateBadge(stationState(station, region, hourSecondsOf(store))),
        statusBadge(station),
      ),
      open === 0 ? null : h('span', { class: 'sub' }, open === 1 ? '1 open flag' : `${countText(open)} open flags`),
    ),
    h(
      'td',
      { role: 'cell', class: 'values-cell' },
      station.latest.length === 0
        ? h('span', { class: 'muted' }, 'no values yet')
        : h(
            'ul',
            { class: 'values' },
            station.latest.map((latest) => valueChip(store, latest)),
          ),
    ),
    h(
      'td',
      { role: 'cell', class: 'score-cell' },
      station.scoreBps === null
        ? h('span', { class: 'muted', title: 'None before the first epoch closes' }, 'no score yet')
        : h('span', { class: 'score' }, meter(station.scoreBps), percentText(station.scoreBps)),
    ),
    h('td', { role: 'cell', class: 'owner' }, copyable(station.owner, 'owner address')),
  );
}

/** Ties by name, so that rows do not trade places between polls. */
function sorted(region: RegionAnswer, store: Store): readonly Station[] {
  const { key, descending } = store.sort;
  const hourSeconds = hourSecondsOf(store);
  const badness = (station: Station): number =>
    STATE_ORDER.indexOf(stationState(station, region, hourSeconds)) * 1000 - openFlags(station.device, region).length;
  const byName = (a: Station, b: Station): number => a.name.localeCompare(b.name);
  const compare: Readonly<Record<SortKey, (a: Station, b: Station) => number>> = {
    name: byName,
    state: (a, b) => badness(a) - badness(b),
    score: (a, b) => (a.scoreBps ?? -1) - (b.scoreBps ?? -1),
  };
  const turn = descending ? -1 : 1;
  return [...region.stations].sort((a, b) => compare[key](a, b) * turn || byName(a, b));
}
