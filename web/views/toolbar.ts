/** Above the map: which region, how much of it, which values. Below it: what the marks mean. */
import { h } from '../dom/element.ts';
import { countText, unitText } from '../format.ts';
import { stateIcon } from '../icons.ts';
import { quantityLabel, shownRegion, type Store } from '../live/store.ts';
import { regionLink } from '../route.ts';
import { STATE_LABEL, STATE_ORDER } from '../station-state.ts';
import { skeleton } from './parts.ts';

export function toolbarView(store: Store): Node[] {
  if (store.regions === null) return [skeleton(1)];
  return [
    h(
      'nav',
      { class: 'tabs', 'aria-label': 'Regions' },
      store.regions.map((region) =>
        h(
          'a',
          {
            href: regionLink(region.cell),
            class: 'tab',
            'data-key': region.cell,
            'aria-current': region.cell === store.cell ? 'true' : null,
          },
          h('span', {}, region.name),
          h('span', { class: 'tab-count', title: 'devices' }, countText(region.devices)),
        ),
      ),
    ),
    h(
      'div',
      { class: 'tools' },
      h(
        'div',
        { class: 'segmented', role: 'group', 'aria-label': 'Fit the map to' },
        h('button', { type: 'button', 'data-action': 'fit', 'data-fit': 'stations' }, 'Stations'),
        h('button', { type: 'button', 'data-action': 'fit', 'data-fit': 'region' }, 'Region'),
        h('button', { type: 'button', 'data-action': 'fit', 'data-fit': 'world' }, 'World'),
      ),
      quantitySelect(store),
    ),
  ];
}

function quantitySelect(store: Store): HTMLElement {
  const seen = new Set(
    shownRegion(store)?.stations.flatMap((station) => station.latest.map((value) => value.quantity)) ?? [],
  );
  const codes = [...store.quantities.keys()].filter((code) => seen.has(code));
  return h(
    'label',
    { class: 'select' },
    h('span', {}, 'Values'),
    h(
      'select',
      { 'data-action': 'map-quantity', name: 'map-quantity' },
      h('option', { value: '', selected: store.mapQuantity === '' }, 'none'),
      codes.map((code) =>
        h('option', { value: code, 'data-key': code, selected: store.mapQuantity === code }, optionText(store, code)),
      ),
    ),
  );
}

function optionText(store: Store, code: string): string {
  const unit = unitText(store.quantities.get(code)?.unit ?? '');
  return unit === '' ? quantityLabel(store, code) : `${quantityLabel(store, code)}, ${unit}`;
}

export function legendView(): Node[] {
  return [
    h(
      'ul',
      {},
      STATE_ORDER.toReversed().map((state) => h('li', {}, stateIcon(state), STATE_LABEL[state])),
    ),
    h('p', { class: 'muted' }, 'Places are public to about 1 km (H3 resolution 7). Land: Natural Earth.'),
  ];
}
