/** One station: who, where, what it says now, how it went since the page was opened, why it was flagged. */
import type { LatestValue, RegionAnswer, Station, StationDay } from '../../schema/api/public.ts';
import { meter, sparkline } from '../chart.ts';
import { h } from '../dom/element.ts';
import { countText, percentText, timeElement } from '../format.ts';
import { flagState, stateBadge } from '../icons.ts';
import { hourSecondsOf, quantityLabel, type Store } from '../live/store.ts';
import { regionLink } from '../route.ts';
import { stationState } from '../station-state.ts';
import { flagView } from './flag.ts';
import { copyable, costLabel, empty, testLabel, valueOf } from './parts.ts';

const TIER_LABEL = ['software key', 'hardware key', 'hardware key, corroborated'] as const;

export function stationView(store: Store, region: RegionAnswer, station: Station): Node[] {
  const hourSeconds = hourSecondsOf(store);
  const flags = region.flags.filter((item) => item.device === station.device);
  return [
    h('a', { class: 'back', href: regionLink(region.cell), 'data-key': 'back' }, `← ${region.name}`),
    h(
      'div',
      { class: 'panel-head', 'data-key': station.device },
      h('h2', { id: 'panel-title', tabindex: -1 }, station.name),
      h('p', { class: 'badges' }, stateBadge(stationState(station, region, hourSeconds)), statusBadge(station)),
    ),
    facts(station),
    h('h3', {}, 'Hourly means'),
    station.latest.length === 0
      ? empty(
          'No values yet',
          'Hourly means are public once their hour is closed and the publication delay has passed.',
        )
      : h(
          'ul',
          { class: 'series' },
          station.latest.map((latest) => series(store, station, latest)),
        ),
    h(
      'div',
      { class: 'panel-sub' },
      h('h3', {}, 'Flags'),
      h('span', { class: 'muted' }, flags.length === 0 ? '' : countText(flags.length)),
    ),
    flags.length === 0
      ? empty('Nothing flagged', 'Every hour of this station judged so far was good.')
      : h(
          'ul',
          { class: 'flags flags-flow' },
          flags.map((item) => flagView(store, item, false)),
        ),
  ];
}

export function statusBadge(station: Station): HTMLElement | null {
  return station.status === 'active'
    ? null
    : h('span', { class: `badge badge-status badge-${station.status}` }, station.status);
}

function facts(station: Station): HTMLElement {
  const place = `${station.latitude.toFixed(3)}, ${station.longitude.toFixed(3)}${station.elevationM === null ? '' : `, ${station.elevationM} m`}`;
  return h(
    'dl',
    { class: 'pairs' },
    h('dt', {}, 'Device'),
    h('dd', {}, copyable(station.device, 'device id')),
    h('dt', {}, 'Owner'),
    h('dd', {}, copyable(station.owner, 'owner address')),
    h('dt', {}, 'Place'),
    h('dd', { title: 'Centre of its H3 resolution-7 cell; the exact place stays with the owner' }, place),
    h('dt', {}, 'Key'),
    h('dd', {}, `tier ${station.tier}: ${TIER_LABEL[station.tier] ?? 'unknown'}`),
    h('dt', {}, 'Score'),
    h(
      'dd',
      {},
      station.scoreBps === null
        ? 'none before the first epoch closes'
        : h('span', { class: 'score' }, meter(station.scoreBps), percentText(station.scoreBps)),
    ),
    ...(station.day === null ? [] : dayFacts(station.day)),
  );
}

/** The score's parts, and where each missing point went. */
function dayFacts(day: StationDay): HTMLElement[] {
  const { availabilityBps, integrityBps, reliabilityBps, costs, weeklyBps, eligible } = day;
  const parts = `availability ${percentText(availabilityBps)} × integrity ${percentText(integrityBps)} × reliability ${percentText(reliabilityBps)}`;
  const lost = costs
    .toSorted((a, b) => b.bps - a.bps)
    .map(({ cause, bps }) => `${costLabel(cause)} −${percentText(bps)}`);
  return [
    h('dt', {}, 'Made of'),
    h('dd', {}, parts),
    ...(lost.length === 0 ? [] : [h('dt', {}, 'Lost to'), h('dd', {}, lost.join(', '))]),
    h('dt', {}, 'Week'),
    h('dd', {}, `${percentText(weeklyBps)}, ${eligible ? 'earns' : 'does not earn'}`),
  ];
}

function series(store: Store, station: Station, latest: LatestValue): HTMLElement {
  const hourSeconds = hourSecondsOf(store);
  const points = store.history.of(station.device, latest.quantity);
  const label = quantityLabel(store, latest.quantity);
  const state = flagState(latest.flag);
  return h(
    'li',
    { class: 'one-series', 'data-key': latest.quantity },
    h(
      'div',
      { class: 'series-head' },
      h('span', { class: 'series-name' }, label),
      h('span', { class: 'series-value' }, valueOf(store, latest)),
      latest.flag === 1
        ? null
        : stateBadge(state, latest.tests.length === 0 ? state : latest.tests.map(testLabel).join(', ')),
      h('span', { class: 'muted series-time' }, timeElement(latest.hour, hourSeconds)),
    ),
    points.length < 2
      ? h('p', { class: 'muted waiting' }, 'The line grows while this page is open.')
      : sparkline(
          points,
          hourSeconds,
          `${label}, ${points.length} hours seen while this page was open, now ${valueOf(store, latest)}`,
        ),
  );
}
