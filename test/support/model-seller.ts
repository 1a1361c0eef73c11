/** A seller who keeps to the protocol, over a network and a chain that can fail at every step. */
import type { ChainView } from '../../buyers/client/chain.ts';
import type { Transport } from '../../buyers/client/send.ts';
import { usdcDomain } from '../../core/price/usdc.ts';

export const CHAIN_ID = 10;
export const USDC = '0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85';
const OFFER_SECONDS = 300;

/** What happens to one request. */
export type Fate =
  | 'pass'
  /** It does not arrive. */
  | 'lost'
  /** It is worked on, and the answer does not arrive. */
  | 'reply-lost'
  /** Sent to the chain and not mined: 503. */
  | 'slow'
  /** Another request with this header is being answered: 409. */
  | 'in-flight'
  /** Nothing charged, 402: an empty wallet. */
  | 'refuse'
  /** Nothing charged, 500. */
  | 'fail'
  /** Charged, and the row is gone: a seller that breaks its word. */
  | 'cheat';

type Wire = { readonly payload: { readonly authorization: Readonly<Record<string, string>> } };

const encode = (value: object): string => btoa(JSON.stringify(value));

export class ModelSeller {
  nowMs = 1_800_000_000_000;
  /** Of the next requests, in order; then all pass. */
  fates: Fate[] = [];
  readonly offer: Record<string, unknown> & { extra: Record<string, unknown> } = {
    scheme: 'exact',
    network: `eip155:${CHAIN_ID}`,
    asset: USDC,
    amount: '10000',
    payTo: `0x${'d1'.repeat(20)}`,
    maxTimeoutSeconds: OFFER_SECONDS,
    extra: { ...usdcDomain(CHAIN_ID) },
  };
  /** Every payment header that was sent, whether or not it arrived. */
  readonly sent: string[] = [];
  /** Authorizations that were charged, by url. */
  readonly charged = new Map<string, string[]>();
  readonly waits: number[] = [];
  readonly #pending = new Set<string>();
  readonly #answers = new Map<string, string>();
  #made = 0;

  readonly transport: Transport = {
    fetch: (request) => this.#fetch(request),
    nowMs: () => this.nowMs,
    wait: (ms) => {
      this.waits.push(ms);
      this.nowMs += ms;
      return Promise.resolve();
    },
    jitter: () => 0,
  };

  readonly chain: ChainView = {
    look: ({ nonce }) => {
      const used = [...this.charged.values()].some((nonces) => nonces.includes(nonce));
      return Promise.resolve({ used, timeSeconds: Math.floor(this.nowMs / 1000) });
    },
  };

  /** The chain mines what waits, unless its time has run out. */
  mine(): void {
    for (const name of this.#pending) {
      const [url = '', nonce = '', validBefore] = name.split(' ');
      if (Number(validBefore) * 1000 > this.nowMs) this.#charge(url, nonce);
      this.#pending.delete(name);
    }
  }

  async #fetch(request: Request): Promise<Response> {
    const header = request.headers.get('PAYMENT-SIGNATURE');
    if (header !== null) this.sent.push(header);
    const fate = this.fates.shift() ?? 'pass';
    if (fate === 'lost') throw new TypeError('fetch failed');
    const response = header === null ? this.#demand() : this.#answer(spelled(request.url), header, fate);
    if (fate === 'reply-lost') throw new TypeError('terminated');
    return response;
  }

  #demand(): Response {
    const required = encode({ x402Version: 2, resource: { url: 'http://seller/' }, accepts: [this.offer] });
    return problem(402, 'payment-required', { 'PAYMENT-REQUIRED': required });
  }

  #answer(url: string, header: string, fate: Fate): Response {
    const { authorization } = (JSON.parse(atob(header)) as Wire).payload;
    const { nonce = '', validBefore = '', value = '', from = '' } = authorization;
    const name = `${url} ${nonce} ${validBefore}`;
    const isUsed = this.charged.get(url)?.includes(nonce) ?? false;
    if (isUsed && this.#answers.has(nonce)) return this.#deliver(nonce, value, from);
    if (this.#pending.has(name) || fate === 'in-flight') {
      return problem(fate === 'in-flight' ? 409 : 503, 'wait', { 'retry-after': '3' });
    }
    const isLate = Number(validBefore) * 1000 <= this.nowMs;
    if (isUsed || isLate || fate === 'refuse') return this.#demand();
    if (fate === 'fail') return problem(500, 'failed');
    this.#answers.set(nonce, `answer ${++this.#made}`);
    if (fate === 'slow') {
      this.#pending.add(name);
      return problem(503, 'settlement-pending', { 'retry-after': '3' });
    }
    this.#charge(url, nonce);
    if (fate !== 'cheat') return this.#deliver(nonce, value, from);
    this.#answers.delete(nonce);
    return this.#demand();
  }

  #charge(url: string, nonce: string): void {
    this.charged.set(url, [...(this.charged.get(url) ?? []), nonce]);
  }

  #deliver(nonce: string, amount: string, payer: string): Response {
    const receipt = { success: true, transaction: `0x${nonce.slice(2, 10)}`, network: 'eip155:10', payer, amount };
    return new Response(this.#answers.get(nonce) ?? '', { headers: { 'PAYMENT-RESPONSE': encode(receipt) } });
  }

  /** As after a day: what was settled is forgotten. */
  forget(): void {
    this.#answers.clear();
  }
}

/** The order of parameters says nothing. */
function spelled(text: string): string {
  const url = new URL(text);
  url.hash = '';
  url.searchParams.sort();
  return url.href;
}

const problem = (status: number, code: string, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify({ code, detail: `${code}.` }), { status, headers });
