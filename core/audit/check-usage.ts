/**
 * The usage lists of all epochs up to the audited one, against each other, the logs and the chain: every sale paid, counted
 * once and in time, credits within top-ups, shares for owners only. What was asked, and how many hours of it were good, no
 * list says: a buyer can compare the units of a sale with the answer.
 */
import { paymentSaleId, type Sale } from '../reward/sale.ts';
import { encodeUsage, unspentAfter, type UsageFacts } from '../reward/usage.ts';
import { ok, type Result } from '../result.ts';
import type { TimeRules } from '../rules/rule-set.ts';
import { epochStartMs, rfc3339, toldTime } from '../time.ts';
import { differs, type Difference, type Place } from './difference.ts';

export type UsageHistory = {
  /** Counted so far, by any epoch. */
  readonly seen: Set<string>;
  unspent: bigint;
};

export type UsageContext = {
  /** By key, everybody whom the logs have ever named as its device's owner (key-history.ts). */
  readonly owners: ReadonlyMap<string, ReadonlySet<string>>;
  readonly auction: string;
  readonly rules: TimeRules;
};

export const startUsage = (): UsageHistory => ({ seen: new Set(), unspent: 0n });

/** One epoch after the other, from the first. */
export function checkUsage(
  text: string,
  epoch: number,
  facts: UsageFacts,
  history: UsageHistory,
  context: UsageContext,
): Result<void, Difference> {
  if (encodeUsage(epoch, facts) !== text) return differs('usage', { epoch }, 'other bytes', 'the same list, RFC 8785');
  const { payees, sales, devices } = facts;
  if (payees !== null && payees.auction !== context.auction)
    return differs('auction', { epoch, field: 'payees.auction' }, payees.auction, context.auction);
  const endMs = epochStartMs(epoch + 1, context.rules);
  for (const sale of sales) {
    const checked = checkSale(sale, epoch, endMs, history.seen);
    if (!checked.ok) return checked;
    history.seen.add(sale.id);
  }
  for (const { device, owner } of devices) {
    const at: Place = { epoch, device };
    const known = context.owners.get(device) ?? new Set();
    if (!known.has(owner)) return differs('sale-owner', at, owner, [...known].join(' or ') || 'nobody');
  }
  history.unspent = unspentAfter(history.unspent, sales);
  return history.unspent < 0n
    ? differs('credits', { epoch }, `${-history.unspent} more than paid for`, 'nothing more than paid for')
    : ok(undefined);
}

function checkSale(sale: Sale, epoch: number, endMs: number, seen: ReadonlySet<string>): Result<void, Difference> {
  const at: Place = { epoch, sale: sale.id };
  const isCredit = sale.kind === 'credit';
  const hasName = isCredit ? /^credit:[^:]+:\d+$/.test(sale.id) : /^x402:0x[0-9a-f]{40}:0x[0-9a-f]{64}$/.test(sale.id);
  if (!hasName || isCredit !== (sale.transaction === null))
    return differs('usage', at, `${sale.kind} ${sale.transaction ?? 'without a transaction'}`, 'a sale of its kind');
  if (sale.kind === 'top-up' && sale.served.length > 0) return differs('usage', at, 'a top-up that was served', 'none');
  if (new Set(sale.served.map(({ device }) => device)).size !== sale.served.length)
    return differs('usage', at, 'a device twice', 'each device once');
  if (seen.has(sale.id)) return differs('sale-repeated', at, 'counted', 'counted before');
  if (sale.soldMs >= endMs) return differs('sale-late', at, toldTime(sale.soldMs), `before ${rfc3339(endMs)}`);
  return ok(undefined);
}

/** An authorized transfer of USDC (EIP-3009) in a transaction that succeeded; addresses in lower case. */
export type PaidTransfer = {
  readonly payer: string;
  readonly nonce: string;
  readonly to: string;
  readonly amount: string;
};

/** @param paid what the sale's transaction transferred; null: the chain has no such transaction, or it failed */
export function checkPaid(
  sale: Sale,
  paid: { readonly transfers: readonly PaidTransfer[]; readonly timestampSeconds: number } | null,
  distributor: string,
  epoch: number,
): Result<void, Difference> {
  const at: Place = { epoch, sale: sale.id, transaction: sale.transaction ?? '' };
  if (paid === null) return differs('sale-unpaid', at, `${sale.usdc} paid`, 'no such transaction');
  const transfer = paid.transfers.find((one) => paymentSaleId(one) === sale.id);
  if (transfer === undefined)
    return differs('sale-unpaid', at, `${sale.usdc} paid`, 'no transfer under this authorization');
  const found = `${transfer.amount} to ${transfer.to}`;
  const told = `${sale.usdc} to ${distributor}`;
  if (found !== told) return differs('sale-unpaid', at, told, found);
  const atMs = paid.timestampSeconds * 1000;
  return sale.soldMs === atMs
    ? ok(undefined)
    : differs('sale-unpaid', { ...at, field: 'soldMs' }, toldTime(sale.soldMs), rfc3339(atMs));
}
