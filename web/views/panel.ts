/** Beside the map: the region with its flags, or one station. */
import type { FlagItem, RegionAnswer, RegionItem } from '../../schema/api/public.ts';
import { h, type Child } from '../dom/element.ts';
import { countText, timeElement } from '../format.ts';
import { stateBadge } from '../icons.ts';
import { cellOfDevice, hourSecondsOf, quantityLabel, shownRegion, type Store } from '../live/store.ts';
import { stationLink } from '../route.ts';
import { STATE_LABEL, STATE_ORDER, stationState } from '../station-state.ts';
import { flagView } from './flag.ts';
import { copyable, empty, skeleton, testLabel } from './parts.ts';
import { stationView } from './station.ts';

export function panelView(store: Store): Node[] {
  const { regions, route } = store;
  if (regions === null) return [skeleton(6)];
  if (route.kind === 'station') return stationPanel(store, route.device);
  if (regions.length === 0)
    return [
      empty(
        'No regions yet',
        'A region appears here with the first device claimed in it. On this machine, npm start brings up two of them.',
      ),
    ];
  const item = regions.find((region) => region.cell === store.cell);
  if (item === undefined)
    return [empty('No such region', `The network knows no region ${store.cell ?? ''}. Choose one above the map.`)];
  const region = shownRegion(store);
  return region === null ? [head(item, hourSecondsOf(store)), skeleton(6)] : regionPanel(store, region);
}

function stationPanel(store: Store, device: string): Node[] {
  const region = store.details.get(cellOfDevice(store, device) ?? '');
  const station = region?.stations.find((candidate) => candidate.device === device);
  if (region !== undefined && station !== undefined) return stationView(store, region, station);
  const complete = store.regions?.every((known) => store.details.has(known.cell)) ?? false;
  return complete
    ? [empty('No such station', `No region lists the device ${device}. Choose one on the map or in the table.`)]
    : [skeleton(6)];
}

function regionPanel(store: Store, region: RegionAnswer): Node[] {
  const hourSeconds = hourSecondsOf(store);
  const open = region.flags.filter((item) => item.end === null).length;
  return [
    head(region, hourSeconds),
    health(region, hourSeconds),
    ...news(store, region),
    h(
      'div',
      { class: 'panel-sub' },
      h('h3', { id: 'flags-title' }, 'Flags'),
      h(
        'span',
        { class: 'muted' },
        region.flags.length === 0 ? '' : `${countText(open)} open of ${countText(region.flags.length)}, newest first`,
      ),
    ),
    region.flags.length === 0
      ? empty(
          'Nothing flagged',
          region.closedUntil === null
            ? 'The first hour is not closed yet. Verdicts follow a few moments after its end.'
            : 'Every hour judged so far was good.',
        )
      : h(
          'ul',
          { class: 'flags', tabindex: 0, 'aria-labelledby': 'flags-title' },
          newestFirst(region.flags).map((item) => flagView(store, item, true)),
        ),
  ];
}

function head(region: RegionItem, hourSeconds: number): HTMLElement {
  const closed: Child[] =
    region.closedUntil === null
      ? ['first hour not closed yet']
      : ['final until ', timeElement(region.closedUntil, hourSeconds)];
  return h(
    'div',
    { class: 'panel-head', 'data-key': `region ${region.cell}` },
    h('h2', { id: 'panel-title', tabindex: -1 }, region.name),
    h(
      'p',
      { class: 'muted meta' },
      copyable(region.cell, 'region cell', region.cell),
      h('span', {}, ...closed),
      h('span', {}, `${countText(region.readings)} readings`),
    ),
  );
}

/** One square a station, worst first, and the counts in words. */
function health(region: RegionAnswer, hourSeconds: number): HTMLElement {
  const states = region.stations.map((station) => stationState(station, region, hourSeconds));
  const counts = STATE_ORDER.map((state) => ({
    state,
    count: states.filter((other) => other === state).length,
  })).filter(({ count }) => count > 0);
  return h(
    'ul',
    { class: 'health', 'aria-label': 'Stations by state' },
    counts.map(({ state, count }) =>
      h('li', { 'data-key': state }, stateBadge(state, `${countText(count)} ${STATE_LABEL[state].toLowerCase()}`)),
    ),
  );
}

/** What the last close began or worsened, before its hour is public: the flag with its reason follows in the list. */
function news(store: Store, region: RegionAnswer): HTMLElement[] {
  const heard = store.heard.get(region.cell);
  const events = (heard?.events ?? []).filter(({ change }) => change !== 'end');
  const known = new Set(
    region.flags.map(({ device, quantity, test, start }) => [device, quantity, test, start].join()),
  );
  const fresh = events.filter(
    ({ device, quantity, test, start }) => !known.has([device, quantity, test, start].join()),
  );
  const first = fresh[0];
  if (first === undefined) return [];
  const more = fresh.length === 1 ? '' : ` and ${countText(fresh.length - 1)} more`;
  const line = h(
    'p',
    { class: 'muted', 'data-key': 'news' },
    'Just flagged: ',
    h('a', { href: stationLink(first.device) }, first.name),
    `, ${quantityLabel(store, first.quantity)}, ${testLabel(first.test)}${more}.`,
  );
  return [line];
}

function newestFirst(flags: readonly FlagItem[]): readonly FlagItem[] {
  return [...flags].sort((a, b) => Date.parse(b.start) - Date.parse(a.start));
}
