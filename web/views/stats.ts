/** The network at a glance, and how long until something happens. */
import { h, svg, type Child } from '../dom/element.ts';
import { briefText, countText, durationText } from '../format.ts';
import { serverNowMs, type Store } from '../live/store.ts';
import { skeleton } from './parts.ts';

export function statsView(store: Store): Node[] {
  const { status } = store;
  if (status === null) {
    return [
      h(
        'div',
        { class: 'tiles', 'aria-busy': 'true' },
        Array.from({ length: 6 }, () => h('div', { class: 'tile' }, skeleton(2))),
      ),
    ];
  }
  const { hourSeconds, epochSeconds, rules } = status.network;
  const nowMs = serverNowMs(store);
  return [
    h(
      'div',
      { class: 'tiles' },
      tile('Regions', briefText(status.regions), countText(status.regions)),
      tile('Devices', briefText(status.devices), countText(status.devices)),
      tile('Signed batches', briefText(status.batches), countText(status.batches)),
      tile('Readings', briefText(status.readings), countText(status.readings)),
      countdown('Next hour', nowMs, hourSeconds),
      countdown(`Epoch ${status.epoch} ends`, nowMs, epochSeconds),
    ),
    h('p', { class: 'network-line' }, ...networkLine(rules, hourSeconds, epochSeconds, status.network.chainId)),
  ];
}

function tile(label: string, value: string, exact: string): HTMLElement {
  return h(
    'div',
    { class: 'tile' },
    h('span', { class: 'tile-label' }, label),
    h('span', { class: 'tile-value', title: exact }, value),
  );
}

function countdown(label: string, nowMs: number, lengthSeconds: number): HTMLElement {
  const lengthMs = lengthSeconds * 1000;
  const passed = (nowMs % lengthMs) / lengthMs;
  return h(
    'div',
    { class: 'tile tile-count' },
    h('span', { class: 'tile-label' }, label),
    h(
      'span',
      { class: 'tile-value' },
      h('span', { class: 'in' }, 'in '),
      durationText(Math.ceil((lengthMs - (nowMs % lengthMs)) / 1000) * 1000),
    ),
    svg(
      'svg',
      { viewBox: '0 0 100 3', preserveAspectRatio: 'none', class: 'progress', 'aria-hidden': 'true' },
      svg('rect', { width: 100, height: 3, class: 'meter-back' }),
      svg('rect', { width: Math.round(passed * 1000) / 10, height: 3, class: 'meter-fill' }),
    ),
  );
}

function networkLine(rules: string, hourSeconds: number, epochSeconds: number, chainId: number): Child[] {
  const lengths = `an hour lasts ${durationText(hourSeconds * 1000)} and an epoch ${durationText(epochSeconds * 1000)}`;
  return [
    h('span', { class: 'chip' }, rules === 'local' ? 'Local network' : 'Main network'),
    rules === 'local' || hourSeconds < 3600
      ? ` This network runs fast, so that a whole cycle is seen in minutes: ${lengths}. Rule set “${rules}”, chain ${chainId}.`
      : ` Rule set “${rules}”, chain ${chainId}: ${lengths}.`,
  ];
}
