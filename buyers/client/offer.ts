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
  /** Nothing offered is an x402 v2 `exact` payment on this chain. */
  | { readonly reason: 'wrong-chain'; readonly offered: readonly string[]; readonly expected: string }
  | { readonly reason: 'wrong-asset'; readonly offered: string; readonly expected: string }
  | { readonly reason: 'wrong-domain'; readonly offered: string; readonly expected: string }
  /** A Permit2 approval for example. */
  | { readonly reason: 'wrong-method'; readonly offered: string }
  | { readonly reason: 'bad-amount'; readonly offered: string }
  | { readonly reason: 'too-long'; readonly seconds: number; readonly mostSeconds: number };

/** @param usdc lower case */
export function readOffer(
  { x402Version, accepts }: PaymentRequired,
  chainId: number,
  usdc: string,
): Result<PaymentRequirements, BadOffer> {
  const network = `eip155:${chainId}`;
  const onChain = accepts.filter((offer) => offer.scheme === 'exact' && offer.network === network);
  const [first] = onChain;
  if (x402Version !== 2 || first === undefined) {
    return err({ reason: 'wrong-chain', offered: accepts.map(({ network: named }) => named), expected: network });
  }
  const offer = onChain.find(({ asset }) => asset.toLowerCase() === usdc);
  if (offer === undefined) return err({ reason: 'wrong-asset', offered: first.asset, expected: usdc });
  const { name, version, assetTransferMethod = 'eip3009' } = offer.extra ?? {};
  if (assetTransferMethod !== 'eip3009') return err({ reason: 'wrong-method', offered: String(assetTransferMethod) });
  const domain = usdcDomain(chainId);
  if (name !== domain.name || version !== domain.version) {
    const expected = `${domain.name} ${domain.version}`;
    return err({ reason: 'wrong-domain', offered: `${String(name)} ${String(version)}`, expected });
  }
  if (!/^\d{1,78}$/.test(offer.amount)) return err({ reason: 'bad-amount', offered: offer.amount });
  const seconds = offer.maxTimeoutSeconds;
  if (!(seconds > 0 && seconds <= LONGEST_OFFER_SECONDS)) {
    return err({ reason: 'too-long', seconds, mostSeconds: LONGEST_OFFER_SECONDS });
  }
  return ok(offer);
}
