/** Pieces that several views share. */
import type { LatestValue } from '../../schema/api/public.ts';
import { h, type Child } from '../dom/element.ts';
import { shortText, unitText, valueText } from '../format.ts';
import { flagState, flagText, stateIcon } from '../icons.ts';
import { quantityLabel, type Store } from '../live/store.ts';

export function skeleton(lines: number): HTMLElement {
  return h(
    'div',
    { class: 'skeleton' },
    Array.from({ length: lines }, () => h('span', { class: 'bone' })),
  );
}

export function empty(title: string, text: string): HTMLElement {
  return h('div', { class: 'empty' }, h('p', { class: 'empty-title' }, title), h('p', { class: 'muted' }, text));
}

/** Short on screen, whole in the title and on the clipboard. */
export function copyable(id: string, what: string, shown: string = shortText(id)): HTMLElement {
  return h(
    'span',
    { class: 'copyable' },
    h('code', { title: id }, shown),
    h(
      'button',
      {
        type: 'button',
        class: 'copy',
        'data-action': 'copy',
        'data-copy': id,
        'aria-label': `Copy ${what}`,
        title: `Copy ${what}`,
      },
      'Copy',
    ),
  );
}

export function numberOf(store: Store, latest: LatestValue): string {
  return valueText(latest.value, store.quantities.get(latest.quantity)?.resolution ?? 0.1);
}

export function valueOf(store: Store, latest: LatestValue): string {
  const unit = unitText(latest.unit);
  return `${numberOf(store, latest)}${unit === '' ? '' : `\u202f${unit}`}`;
}

/** Where a table has no room for the catalogue's label. */
const SHORT_LABEL: Readonly<Record<string, string>> = {
  rh: 'Humidity',
  press: 'Pressure',
  co2: 'CO₂',
  o3: 'O₃',
  no2: 'NO₂',
  so2: 'SO₂',
  co: 'CO',
  wind_speed: 'Wind',
  wind_dir: 'Wind from',
  wind_gust: 'Gust',
  irradiance: 'Sun',
  noise_laeq: 'Noise',
};

/** Name, value, unit; a mark and a word when the hour is not good. */
export function valueChip(store: Store, latest: LatestValue): HTMLElement {
  const state = flagState(latest.flag);
  const flagged: Child[] =
    latest.flag === 1
      ? []
      : [
          stateIcon(state),
          h(
            'span',
            { class: 'value-flag' },
            latest.flag === 9 || latest.tests.length === 0
              ? flagText(latest.flag)
              : `${flagText(latest.flag)}: ${latest.tests.map(testLabel).join(', ')}`,
          ),
        ];
  return h(
    'li',
    { class: `value value-${state}`, 'data-key': latest.quantity },
    h(
      'span',
      { class: 'value-name', title: quantityLabel(store, latest.quantity) },
      SHORT_LABEL[latest.quantity] ?? quantityLabel(store, latest.quantity),
    ),
    h('span', { class: 'value-number' }, valueOf(store, latest)),
    ...flagged,
  );
}

const TEST_LABEL: Readonly<Record<string, string>> = {
  range: 'out of range',
  step: 'jump',
  flat: 'stuck',
  late: 'late',
  spike: 'spike',
  neighbour: 'unlike neighbours',
  neighbor: 'unlike neighbors',
  copy: 'copied',
  gap: 'gap',
  time: 'wrong clock',
  bias: 'off level',
  place: 'unlike its place',
  quiet: 'too quiet',
  noisy: 'noisy',
  apart: 'out of step',
  shifted: 'hours late',
  replay: 'replayed',
  consistency: 'contradicts itself',
};

const COST_LABEL: Readonly<Record<string, string>> = {
  missing: 'missing hours',
  maintenance: 'maintenance beyond the budget',
  memory: 'bad hours of the days before',
  unverified: 'no neighbours to confirm it',
};

/** What a score lacks, and why. */
export function costLabel(cause: string): string {
  return COST_LABEL[cause] ?? testLabel(cause);
}

/** A test this page does not know yet keeps its code. */
export function testLabel(test: string): string {
  return TEST_LABEL[test] ?? test;
}
