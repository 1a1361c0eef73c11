/**
 * What a buyer signs. The server's word decides neither the token nor the chain nor the kind of signature: a server that
 * lies could else name a token that is not USDC, or an approval that can be used again.
 */
import type { PaymentRequired, PaymentRequirements } from '@x402/fetch';
import { usdcDomain } from '../../core/price/usdc.ts';
import { err, ok, type Result } from '../../core/result.ts';

/** An authorization that lives long can be charged long after the buyer gave up; the network offers 300 s. */
export const LONGEST_OFFER_SECONDS = 3600;

export type BadOffer =
  | { readonly reason: 'malformed-offer'; readonly detail: string }
  /** Nothing offered is an x402 v2 `exact` payment on this chain. */
  | { readonly reason: 'wrong-chain'; readonly offered: readonly string[]; readonly expected: string }
  | { readonly reason: 'wrong-asset'; readonly offered: string; readonly expected: string }
  | { readonly reason: 'wrong-domain'; readonly offered: string; readonly expected: string }
  /** A Permit2 approval for example. */
  | { readonly reason: 'wrong-method'; readonly offered: string }
  | { readonly reason: 'bad-amount'; readonly offered: string }
  | { readonly reason: 'too-long'; readonly seconds: number; readonly mostSeconds: number };

/** @param usdc lower case */
export function readOffer(given: unknown, chainId: number, usdc: string): Result<PaymentRequirements, BadOffer> {
  if (!isPaymentRequired(given)) return err({ reason: 'malformed-offer', detail: 'not what x402 v2 asks for' });
  const { x402Version, accepts } = given;
  const network = `eip155:${chainId}`;
  const onChain = accepts.filter((offer) => offer.scheme === 'exact' && offer.network === network);
  const [first] = onChain;
  if (x402Version !== 2 || first === undefined) {
    return err({ reason: 'wrong-chain', offered: accepts.map(({ network: named }) => named), expected: network });
  }
  const offer = onChain.find(({ asset }) => asset.toLowerCase() === usdc);
  if (offer === undefined) return err({ reason: 'wrong-asset', offered: first.asset, expected: usdc });
  const { name, version, assetTransferMethod = 'eip3009' } = offer.extra ?? {};
  if (assetTransferMethod !== 'eip3009') return err({ reason: 'wrong-method', offered: textOf(assetTransferMethod) });
  const domain = usdcDomain(chainId);
  if (name !== domain.name || version !== domain.version) {
    const expected = `${domain.name} ${domain.version}`;
    return err({ reason: 'wrong-domain', offered: `${textOf(name)} ${textOf(version)}`, expected });
  }
  if (!/^\d{1,78}$/.test(offer.amount)) return err({ reason: 'bad-amount', offered: offer.amount });
  const seconds = offer.maxTimeoutSeconds;
  if (!(seconds > 0 && seconds <= LONGEST_OFFER_SECONDS)) {
    return err({ reason: 'too-long', seconds, mostSeconds: LONGEST_OFFER_SECONDS });
  }
  return ok(offer);
}

/** The header is base64 of any JSON: x402's own decoder looks no further. */
function isPaymentRequired(given: unknown): given is PaymentRequired {
  if (!isRecord(given) || !Array.isArray(given['accepts'])) return false;
  const offers: readonly unknown[] = given['accepts'];
  return offers.every(
    (offer) =>
      isRecord(offer) &&
      ['scheme', 'network', 'asset', 'amount'].every((name) => typeof offer[name] === 'string') &&
      typeof offer['maxTimeoutSeconds'] === 'number' &&
      (offer['extra'] === undefined || isRecord(offer['extra'])),
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : typeof value);
