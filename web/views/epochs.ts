/** Closed epochs, newest first: how far each has come on the chain and what it minted. */
import type { EpochItem } from '../../schema/api/public.ts';
import { bars } from '../chart.ts';
import { h, type Child } from '../dom/element.ts';
import { countText, durationText, timeElement, TOKEN, tokenText } from '../format.ts';
import { hourSecondsOf, type Store } from '../live/store.ts';
import { epochDetailView } from './epoch-detail.ts';
import { empty, skeleton } from './parts.ts';

const STEPS = ['computed', 'committed', 'minted', 'final'] as const;

/** Steps done, and the word for where it is. */
const PROGRESS: Readonly<
  Record<EpochItem['state'], { readonly done: number; readonly going: boolean; readonly hint: string }>
> = {
  computed: { done: 1, going: false, hint: 'Payouts are computed; the root goes to the chain next.' },
  committing: { done: 1, going: true, hint: 'The commit transaction is on its way.' },
  committed: { done: 2, going: false, hint: 'The root is on the chain; minting starts after the guardian delay.' },
  minting: { done: 2, going: true, hint: 'Batches are being minted.' },
  minted: { done: 3, going: false, hint: 'Everybody is paid; waiting for the chain to finalize.' },
  final: { done: 4, going: false, hint: 'Finalized on the chain.' },
  revoked: { done: 1, going: false, hint: 'A guardian revoked this epoch during the delay. Nothing was minted.' },
};

const PLOTTED = 48;

export function epochsView(store: Store): Node[] {
  return [
    h(
      'div',
      { class: 'section-head' },
      h('h2', { id: 'epochs-title' }, 'Epochs and rewards'),
      h('p', { class: 'muted' }, 'Each epoch’s payouts are a function of public inputs; anyone can recompute them.'),
    ),
    ...content(store),
  ];
}

function content(store: Store): Node[] {
  const { epochs } = store;
  if (epochs === null) return [skeleton(4)];
  if (epochs.length === 0) return [empty('No epoch yet', firstClose(store))];
  const newest = [...epochs].sort((a, b) => b.epoch - a.epoch);
  const shown = newest.filter((item, index) => index < store.epochRows || store.openEpochs.has(item.epoch));
  const hidden = newest.length - shown.length;
  return [
    plot(newest, store),
    table(store, shown),
    ...(hidden === 0
      ? []
      : [
          h(
            'button',
            { type: 'button', class: 'more', 'data-action': 'more-epochs' },
            `Show older epochs (${countText(hidden)} more)`,
          ),
        ]),
  ];
}

function firstClose(store: Store): string {
  if (store.status === null) return 'The first epoch closes at its end.';
  const { epochSeconds, hourSeconds } = store.status.network;
  const endMs = (store.status.epoch + 1) * epochSeconds * 1000;
  const time = new Date(endMs).toLocaleTimeString(undefined, {
    hour: '2-digit',
    minute: '2-digit',
    ...(hourSeconds < 3600 ? { second: '2-digit' } : {}),
  });
  return `The first epoch closes when every active region has closed its last hour: for the current one shortly after ${time}. Backfilled epochs close earlier, as soon as the backfill has passed them. An epoch lasts ${durationText(epochSeconds * 1000)} here.`;
}

function plot(newest: readonly EpochItem[], store: Store): HTMLElement {
  const shown = newest.slice(0, PLOTTED).toReversed();
  const amounts = shown.map((item) =>
    item.state === 'revoked' || !/^\d+$/.test(item.total) ? 0n : BigInt(item.total),
  );
  const most = amounts.reduce((a, b) => (a > b ? a : b), 1n);
  const items = shown.map((item, index) => ({
    share: Number(((amounts[index] ?? 0n) * 1000n) / most) / 1000,
    kind: PROGRESS[item.state].done >= 3 ? 'done' : 'pending',
    title: `Epoch ${item.epoch}: ${tokenText(item.total)} ${TOKEN}, ${item.state}`,
  }));
  const first = shown[0];
  const last = shown.at(-1);
  return h(
    'figure',
    { class: 'plot' },
    h(
      'figcaption',
      {},
      h('span', {}, `${TOKEN} per epoch`),
      h('span', { class: 'muted' }, `most: ${tokenText(most.toString())}`),
    ),
    bars(
      items,
      Math.max(16, items.length),
      `Tokens minted in the last ${items.length} epochs, at most ${tokenText(most.toString())} ${TOKEN}; the table holds the numbers`,
    ),
    first === undefined || last === undefined
      ? null
      : h(
          'div',
          { class: 'plot-axis muted' },
          h('span', {}, timeElement(first.start, hourSecondsOf(store))),
          h(
            'span',
            { class: 'key' },
            h('span', { class: 'swatch' }),
            'minted',
            h('span', { class: 'swatch swatch-pending' }),
            'not yet',
          ),
          h('span', {}, timeElement(last.end, hourSecondsOf(store))),
        ),
  );
}

function table(store: Store, newest: readonly EpochItem[]): HTMLElement {
  const heads = ['Epoch', 'Period', 'State', `Tokens (${TOKEN})`, 'Owners', 'Devices'];
  return h(
    'table',
    { class: 'epochs stack', role: 'table' },
    h('caption', { class: 'sr-only' }, 'Epochs, newest first; each opens to its transactions and payouts'),
    h(
      'thead',
      { role: 'rowgroup' },
      h(
        'tr',
        { role: 'row' },
        heads.map((head, index) =>
          h('th', { scope: 'col', role: 'columnheader', class: index > 2 ? 'number' : null }, head),
        ),
      ),
    ),
    h(
      'tbody',
      { role: 'rowgroup' },
      newest.flatMap((item) => rows(store, item)),
    ),
  );
}

function rows(store: Store, item: EpochItem): HTMLElement[] {
  const open = store.openEpochs.has(item.epoch);
  const hourSeconds = hourSecondsOf(store);
  const cell = (kind: string, ...children: Child[]): HTMLElement =>
    h('td', { role: 'cell', class: `number ${kind}` }, ...children);
  const row = h(
    'tr',
    { role: 'row', 'data-key': `epoch ${item.epoch}`, class: open ? 'open' : null },
    h(
      'th',
      { scope: 'row', role: 'rowheader' },
      h(
        'button',
        {
          type: 'button',
          class: 'expand',
          id: `epoch-${item.epoch}`,
          'data-action': 'epoch',
          'data-epoch': item.epoch,
          'aria-expanded': open ? 'true' : 'false',
        },
        h('span', { class: 'caret', 'aria-hidden': 'true' }, '›'),
        h('span', {}, String(item.epoch)),
      ),
    ),
    h(
      'td',
      { role: 'cell', class: 'period' },
      timeElement(item.start, hourSeconds),
      ' – ',
      timeElement(item.end, hourSeconds),
    ),
    h('td', { role: 'cell', class: 'state' }, stepper(item)),
    cell(
      'tokens',
      h('strong', { title: `${item.total} base units` }, tokenText(item.total)),
      h('span', { class: 'phone-only muted' }, ` ${TOKEN}`),
    ),
    cell('few', countText(item.recipients)),
    cell('few', countText(item.devices)),
  );
  if (!open) return [row];
  return [
    row,
    h(
      'tr',
      { role: 'row', 'data-key': `detail ${item.epoch}`, class: 'detail' },
      h('td', { role: 'cell', colspan: 6 }, epochDetailView(store, item)),
    ),
  ];
}

function stepper(item: EpochItem): HTMLElement {
  const { done, going, hint } = PROGRESS[item.state];
  return h(
    'span',
    {
      class: `steps steps-${item.state === 'revoked' ? 'revoked' : done === 4 ? 'final' : going ? 'going' : 'rest'}`,
      title: hint,
    },
    h(
      'span',
      { class: 'steps-dots', 'aria-hidden': 'true' },
      STEPS.map((_, index) => h('span', { class: index < done ? 'on' : index === done && going ? 'next' : null })),
    ),
    h('span', { class: 'steps-word' }, item.state),
  );
}
