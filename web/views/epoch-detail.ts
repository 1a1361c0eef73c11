/** An opened epoch: its hashes and transactions, how to check it, who got what and for which device. */
import type { EpochItem, PayoutItem } from '../../schema/api/public.ts';
import { h, type Child } from '../dom/element.ts';
import { countText, percentText, shortText, TOKEN, tokenText } from '../format.ts';
import type { Store } from '../live/store.ts';
import { stationLink } from '../route.ts';
import { copyable, empty, skeleton } from './parts.ts';

/** USDC has six decimals. */
const USDC_DECIMALS = 6;

const EXPLORERS: ReadonlyMap<number, string> = new Map([[10, 'https://optimistic.etherscan.io/tx/']]);

export function epochDetailView(store: Store, item: EpochItem): HTMLElement {
  const detail = store.epochDetails.get(item.epoch);
  const verify = `npm run verify:epoch -- --epoch ${item.epoch}`;
  return h(
    'div',
    { class: 'epoch-detail' },
    h(
      'dl',
      { class: 'pairs pairs-wide' },
      pair(
        'Pays',
        `${countText(item.recipients)} ${item.recipients === 1 ? 'owner' : 'owners'} of ${countText(item.devices)} devices`,
      ),
      pair('Payout root', item.root === '' ? 'none' : copyable(item.root, 'payout root', item.root)),
      pair('Data root', item.dataRoot === '' ? 'none' : copyable(item.dataRoot, 'data root', item.dataRoot)),
      pair('Report', item.reportHash === '' ? 'none' : copyable(item.reportHash, 'report hash', item.reportHash)),
      pair(
        'Commit',
        item.commitTransaction === null
          ? h('span', { class: 'muted' }, 'not sent yet')
          : transaction(store, item.commitTransaction, 'commit transaction'),
      ),
      pair(
        'Mint',
        ...(item.mintTransactions.length === 0
          ? [h('span', { class: 'muted' }, 'not sent yet')]
          : item.mintTransactions.map((hash) => transaction(store, hash, 'mint transaction'))),
      ),
      item.reserved === '0' ? [] : pair('Reserved', `${tokenText(item.reserved)} ${TOKEN}`),
      item.usdcTotal === '0' ? [] : pair('From sales', `${tokenText(item.usdcTotal, USDC_DECIMALS)} USDC`),
      pair('Check it', copyable(verify, 'command', verify)),
    ),
    payouts(detail?.payouts ?? null),
  );
}

function pair(name: string, ...values: Child[]): HTMLElement[] {
  return [h('dt', {}, name), h('dd', {}, ...values)];
}

/** The local chain has no explorer; its hashes are for `npm run verify:epoch` and any RPC client. */
function transaction(store: Store, hash: string, what: string): HTMLElement {
  const network = store.status?.network;
  const explorer = network === undefined || network.rules === 'local' ? undefined : EXPLORERS.get(network.chainId);
  const whole = copyable(hash, what, hash);
  if (explorer !== undefined)
    whole.append(h('a', { href: `${explorer}${encodeURIComponent(hash)}`, rel: 'noreferrer' }, 'Explorer'));
  return whole;
}

function payouts(items: readonly PayoutItem[] | null): HTMLElement {
  if (items === null) return skeleton(4);
  if (items.length === 0) return empty('No payouts', 'No device of this epoch reached a score that earns.');
  const largest = [...items].sort((a, b) =>
    BigInt(b.amount) > BigInt(a.amount) ? 1 : BigInt(b.amount) < BigInt(a.amount) ? -1 : 0,
  );
  return h(
    'div',
    { class: 'payouts' },
    h('h3', {}, 'Payouts'),
    h('p', { class: 'muted' }, 'Weight: score above the threshold × tier of the key × rank in its density cell.'),
    largest.map((payout) =>
      h(
        'div',
        { class: 'payout', 'data-key': payout.owner },
        h(
          'p',
          { class: 'payout-head' },
          copyable(payout.owner, 'owner address'),
          h('strong', { title: `${payout.amount} base units` }, `${tokenText(payout.amount)} ${TOKEN}`),
          payout.usdc === '0' ? '' : h('span', { class: 'muted' }, `${tokenText(payout.usdc, USDC_DECIMALS)} USDC`),
        ),
        shares(payout),
      ),
    ),
  );
}

function shares(payout: PayoutItem): HTMLElement {
  return h(
    'table',
    { class: 'shares' },
    h('caption', { class: 'sr-only' }, `Devices of owner ${shortText(payout.owner)}`),
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        h('th', { scope: 'col' }, 'Device'),
        h('th', { scope: 'col', class: 'number' }, 'Score'),
        h('th', { scope: 'col', class: 'number' }, 'Weight'),
        h('th', { scope: 'col', class: 'number' }, TOKEN),
      ),
    ),
    h(
      'tbody',
      {},
      payout.shares.map((share) =>
        h(
          'tr',
          { 'data-key': share.device },
          h('th', { scope: 'row' }, h('a', { href: stationLink(share.device) }, share.name)),
          h('td', { class: 'number' }, percentText(share.scoreBps)),
          h(
            'td',
            { class: 'number' },
            (share.weightBps / 10_000).toLocaleString(undefined, { minimumFractionDigits: 3 }),
          ),
          h('td', { class: 'number', title: `${share.amount} base units` }, tokenText(share.amount)),
        ),
      ),
    ),
  );
}
