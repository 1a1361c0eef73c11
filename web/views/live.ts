/** Connection in the header, and the sentences above the content when something is wrong. */
import { h } from '../dom/element.ts';
import { durationText } from '../format.ts';
import type { Store } from '../live/store.ts';

export function liveView(store: Store): Node[] {
  if (store.lost !== null) return [h('span', { class: 'pulse pulse-lost' }), h('span', {}, 'Offline')];
  if (store.updatedMs === null) return [h('span', { class: 'pulse pulse-wait' }), h('span', {}, 'Connecting…')];
  const at = new Date(store.updatedMs);
  const text = at.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  return [
    h('span', { class: 'pulse' }),
    h('span', {}, 'Live'),
    h(
      'span',
      { class: 'live-time' },
      h('span', { class: 'live-word' }, 'updated '),
      h('time', { datetime: at.toISOString(), title: at.toISOString() }, text),
    ),
  ];
}

export function noticeView(store: Store): Node[] {
  const notices: Node[] = [];
  if (store.lost !== null) {
    const wait = durationText(store.retryAtMs - Date.now());
    notices.push(
      h(
        'div',
        { class: 'notice notice-fail', 'data-key': 'lost', role: 'group', 'aria-label': 'Connection' },
        h(
          'p',
          {},
          h('strong', {}, 'Connection lost, retrying'),
          h('span', { class: 'muted' }, ` in ${wait}. `),
          store.lost,
          store.updatedMs === null ? '' : ' What you see is the last answer.',
        ),
        h('button', { type: 'button', 'data-action': 'retry' }, 'Retry now'),
      ),
    );
  } else if (store.trouble !== null) {
    notices.push(
      h(
        'div',
        { class: 'notice notice-warn', 'data-key': 'trouble' },
        h('p', {}, h('strong', {}, 'Part of the page could not be updated. '), store.trouble),
      ),
    );
  }
  for (const alarm of store.status?.minter.alarms ?? []) {
    notices.push(
      h(
        'div',
        { class: 'notice notice-warn', 'data-key': `alarm ${alarm}` },
        h('p', {}, h('strong', {}, 'Minter: '), alarm),
      ),
    );
  }
  const waiting = store.status?.minter.waiting ?? null;
  if (waiting !== null) {
    notices.push(
      h('div', { class: 'notice', 'data-key': 'waiting' }, h('p', {}, h('strong', {}, 'Payouts wait: '), waiting)),
    );
  }
  return notices;
}
