/**
 * A price that was told is kept: the 402 carries an offer, a keyed digest over query, price and expiry, and whoever pays
 * repeats it in `accepted.extra` as x402 requires. It also keeps an answer private to its buyer: everything else in a
 * payment can be read from the chain, the offer's salt cannot.
 */
import type { PaymentRequirements } from '@x402/core/types';
import { usdcDomain } from '../../core/price/usdc.ts';
import type { EdgeConfig } from '../env.ts';

/** From the 402 to the settled payment; it becomes `validBefore` of the authorization. */
export const OFFER_SECONDS = 300;

/** The config's one key signs several kinds of things; this tells them apart. */
const PURPOSE = 'isobar offer v1';

type Sale = { readonly query: string; readonly amount: bigint };

export async function makeRequirements(sale: Sale, config: EdgeConfig, nowMs: number): Promise<PaymentRequirements> {
  const expires = Math.floor(nowMs / 1000) + OFFER_SECONDS;
  const salt = toHex(crypto.getRandomValues(new Uint8Array(16)));
  const amount = String(sale.amount);
  const mac = toHex(await sign(config, sale.query, amount, expires, salt));
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
  const [expires, salt, mac] = String(extra['offer']).split('.');
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
  const bytes = fromHex(mac);
  return (
    bytes !== null &&
    crypto.subtle.verify('HMAC', await keyOf(config), bytes, message(query, accepted.amount, Number(expires), salt))
  );
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

async function sign(
  config: EdgeConfig,
  query: string,
  amount: string,
  expires: number,
  salt: string,
): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign('HMAC', await keyOf(config), message(query, amount, expires, salt)));
}

function message(query: string, amount: string, expires: number, salt: string): Uint8Array {
  return new TextEncoder().encode([PURPOSE, query, amount, String(expires), salt].join('\n'));
}

function keyOf(config: EdgeConfig): Promise<CryptoKey> {
  const bytes = new TextEncoder().encode(config.ingestTagKey);
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function fromHex(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^([0-9a-f]{2})+$/.test(text)) return null;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
