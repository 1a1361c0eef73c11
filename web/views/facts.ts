/** Foot of the page: where the contracts are, which rules hold, where the raw answers are. */
import { h } from '../dom/element.ts';
import type { Store } from '../live/store.ts';
import { copyable } from './parts.ts';

export function factsView(store: Store): Node[] {
  const { status } = store;
  return [
    status === null
      ? null
      : h(
          'dl',
          { class: 'pairs foot-pairs' },
          h('dt', {}, 'Rule set'),
          h('dd', {}, copyable(status.network.ruleSetHash, 'rule-set hash')),
          h('dt', {}, 'RewardToken'),
          h('dd', {}, copyable(status.network.contracts.token, 'token address')),
          h('dt', {}, 'EpochDistributor'),
          h('dd', {}, copyable(status.network.contracts.distributor, 'distributor address')),
          h('dt', {}, 'USDC'),
          h('dd', {}, copyable(status.network.contracts.usdc, 'USDC address')),
        ),
    h(
      'p',
      { class: 'muted' },
      'The same answers as JSON: ',
      ...['status', 'quantities', 'regions', 'epochs'].flatMap((name, index) => [
        index === 0 ? '' : ', ',
        h('a', { href: `/v1/${name}` }, `/v1/${name}`),
      ]),
      '. All routes, with what they answer, to read and to try: ',
      h('a', { href: '/docs/api/' }, 'API'),
      '. In QGIS and GDAL: ',
      h('a', { href: '/ogc' }, 'OGC API'),
      '. Hourly means are public after the publication delay.',
    ),
  ].filter((node) => node !== null);
}
