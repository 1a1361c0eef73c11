/**
 * A price that was told is kept: the 402 carries an offer, a keyed digest over query, price and expiry, and whoever pays
 * repeats it in `accepted.extra` as x402 requires. It also keeps an answer private to its buyer: everything else in a
 * payment can be read from the chain, the offer's salt cannot.
 */
import type { PaymentRequirements } from '@x402/core/types';
import { usdcDomain } from '../../core/price/usdc.ts';
import { bytesToHex } from '@noble/hashes/utils.js';
import { isSealed, sealOf } from '../adapters/seal.ts';
import type { EdgeConfig } from '../env.ts';

/** From the 402 to the settled payment; it becomes `validBefore` of the authorization. */
export const OFFER_SECONDS = 300;

type Sale = { readonly query: string; readonly amount: bigint };

export async function makeRequirements(sale: Sale, config: EdgeConfig, nowMs: number): Promise<PaymentRequirements> {
  const expires = Math.floor(nowMs / 1000) + OFFER_SECONDS;
  const salt = bytesToHex(crypto.getRandomValues(new Uint8Array(16)));
  const amount = String(sale.amount);
  const mac = await sealOf(config, 'isobar offer v1', offerText(sale.query, amount, expires, salt));
  return {
    ...terms(config, amount),
    extra: { ...usdcDomain(config.chain.chainId), q: sale.query, offer: `${expires}.${salt}.${mac}` },
  };
}

/** Whether these requirements are an offer of ours for this query, unaltered and still in time. */
export async function isOffer(
  accepted: PaymentRequirements,
  query: string,
  config: EdgeConfig,
  nowMs: number,
): Promise<boolean> {
  const expected = terms(config, accepted.amount);
  const { extra } = accepted;
  const domain = usdcDomain(config.chain.chainId);
  const offer: unknown = extra['offer'];
  const [expires, salt, mac] = typeof offer === 'string' ? offer.split('.') : [];
  if (
    accepted.scheme !== expected.scheme ||
    accepted.network !== expected.network ||
    accepted.asset.toLowerCase() !== expected.asset ||
    accepted.payTo.toLowerCase() !== expected.payTo ||
    extra['name'] !== domain.name ||
    extra['version'] !== domain.version ||
    extra['q'] !== query ||
    expires === undefined ||
    salt === undefined ||
    mac === undefined ||
    !(Number(expires) * 1000 > nowMs)
  ) {
    return false;
  }
  return isSealed(config, 'isobar offer v1', offerText(query, accepted.amount, Number(expires), salt), mac);
}

function terms(config: EdgeConfig, amount: string): Omit<PaymentRequirements, 'extra'> {
  const { chainId, usdc, distributor } = config.chain;
  return {
    scheme: 'exact',
    network: `eip155:${chainId}`,
    asset: usdc,
    amount,
    // The contract that splits a sale between devices, operator, burn auction and treasury.
    payTo: distributor,
    maxTimeoutSeconds: OFFER_SECONDS,
  };
}

function offerText(query: string, amount: string, expires: number, salt: string): string {
  return [query, amount, String(expires), salt].join('\n');
}
