/** What scenarios are made of. */
import { setTimeout as pause } from 'node:timers/promises';
import type { PaymentRequirements } from '@x402/core/types';
import { until } from '../../support/until.ts';
import type { Buyer } from '../support/buyer.ts';
import { type Bed, PATIENCE_MS, PRICE } from './bed.ts';

let articles = 0;

/** A path that nobody has asked for yet. */
export const newArticle = (shelf: 'sold' | 'lent' = 'sold', amount = PRICE): string =>
  `/${shelf}/${amount}/article-${++articles}`;

export type Reply = {
  readonly status: number;
  readonly code: string | null;
  readonly text: string;
  readonly retryAfter: string | null;
};

export async function send(bed: Bed, path: string, header: string): Promise<Reply> {
  const response = await fetch(bed.urlOf(path), { headers: { 'PAYMENT-SIGNATURE': header } });
  const text = await response.text();
  return { status: response.status, code: codeIn(text), text, retryAfter: response.headers.get('retry-after') };
}

function codeIn(text: string): string | null {
  try {
    return (JSON.parse(text) as { readonly code?: string }).code ?? null;
  } catch {
    return null;
  }
}

/** The same header again for as long as the server asks for it, or a little while. */
export async function collect(bed: Bed, path: string, header: string): Promise<Reply> {
  for (const giveUpMs = Date.now() + bed.patienceMs; ; await pause(100)) {
    const reply = await send(bed, path, header);
    if (reply.retryAfter === null || Date.now() > giveUpMs) return reply;
  }
}

export async function offerFor(bed: Bed, path: string): Promise<PaymentRequirements> {
  const response = await fetch(bed.urlOf(path));
  const required = JSON.parse(atob(response.headers.get('PAYMENT-REQUIRED') ?? '')) as {
    readonly accepts: readonly PaymentRequirements[];
  };
  const [offer] = required.accepts;
  if (offer === undefined) throw new Error(`nothing is offered for ${path}`);
  return offer;
}

export const whenMaking = (bed: Bed): Promise<true> =>
  until('the article is being made', PATIENCE_MS, () => Promise.resolve(bed.workshop.made > 0 || null));

export const whenSent = (bed: Bed): Promise<true> =>
  until('a transaction is sent', PATIENCE_MS, () => Promise.resolve(bed.chain.wire.sent.length > 0 || null));

type Terms = {
  readonly offer: PaymentRequirements;
  readonly validBeforeSeconds?: number;
  /** What is signed, where it is not what the offer says. */
  readonly domain?: Readonly<Record<string, unknown>>;
  /** What the header claims was offered, where it is not what is signed. */
  readonly accepted?: PaymentRequirements;
};

const TRANSFER = [
  { name: 'from', type: 'address' },
  { name: 'to', type: 'address' },
  { name: 'value', type: 'uint256' },
  { name: 'validAfter', type: 'uint256' },
  { name: 'validBefore', type: 'uint256' },
  { name: 'nonce', type: 'bytes32' },
];

/** A header that no honest client would send. */
export async function forge(buyer: Buyer, { offer, accepted = offer, domain, ...rest }: Terms): Promise<string> {
  const authorization = {
    from: buyer.account.address,
    to: offer.payTo,
    value: offer.amount,
    validAfter: '0',
    validBefore: String(rest.validBeforeSeconds ?? Math.floor(Date.now() / 1000) + 200),
    nonce: `0x${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')}`,
  };
  const { name, version } = offer.extra as { readonly name: string; readonly version: string };
  const signature = await buyer.account.signTypedData({
    domain: { name, version, chainId: 10, verifyingContract: offer.asset as `0x${string}`, ...domain },
    types: { TransferWithAuthorization: TRANSFER },
    primaryType: 'TransferWithAuthorization',
    message: authorization,
  });
  return encode({ x402Version: 2, accepted, payload: { signature, authorization } });
}

export const encode = (payment: object): string => btoa(JSON.stringify(payment));

export type Header = { accepted: PaymentRequirements; payload: { authorization: { nonce: `0x${string}` } } };
export const decode = (header: string): Header => JSON.parse(atob(header)) as Header;

/** What is not as it should be, in words; JSON compares bigints and lists as well. */
export function differences(facts: Readonly<Record<string, readonly [found: unknown, expected: unknown]>>): string[] {
  const textOf = (value: unknown): string =>
    JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part)) ?? 'nothing';
  return Object.entries(facts)
    .filter(([, [found, expected]]) => textOf(found) !== textOf(expected))
    .map(([what, [found, expected]]) => `${what}: ${textOf(found)}, not ${textOf(expected)}`);
}
