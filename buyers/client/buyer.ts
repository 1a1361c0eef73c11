/**
 * Buys answers for USDC by x402 and never pays twice for one. A payment is kept before it is sent; while it may still be
 * charged, the same header goes again and nothing new is signed. `@x402/fetch` makes the payments; its own wrapper would
 * sign anew on every 402 and forget what it sent.
 */
import { ExactEvmScheme } from '@x402/evm/exact/client';
import {
  decodePaymentResponseHeader,
  type PaymentRequired,
  type PaymentRequirements,
  x402Client,
  x402HTTPClient,
} from '@x402/fetch';
import { usdcAddress } from '../../core/price/usdc.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { ChainView } from './chain.ts';
import { type BadOffer, readOffer } from './offer.ts';
import type { Payment, PaymentStore } from './payment.ts';
import type { Problem } from './problem.ts';
import { nameQuery, type Query } from './query.ts';
import { DEFAULT_PATIENCE, type Patience, sendUntilKnown, type Transport } from './send.ts';

export type BuyerOptions = {
  /** A viem account, or anything that signs EIP-712. */
  readonly signer: ConstructorParameters<typeof ExactEvmScheme>[0];
  /** 10: OP Mainnet; 11155420: OP Sepolia. */
  readonly chainId: number;
  /** Of a chain of your own; elsewhere it is known, and no server can name another. */
  readonly usdc?: string;
  /** USDC base units (1e-6). */
  readonly mostPerPayment: bigint;
  /** Of everything in the store that was or may still be charged, in base units; null: no limit. */
  readonly budget: bigint | null;
  readonly store: PaymentStore;
  /** Without it, an unused payment counts as over only when the seller says so, too. */
  readonly chain?: ChainView;
  readonly transport?: Transport;
  readonly patience?: Patience;
};

export type Bought = {
  readonly response: Response;
  /** Null: the answer was free. */
  readonly payment: Payment | null;
};

export type Unbought =
  /** By the network's word nothing was charged. `payment` may still be charged until it is over; buying again sends it. */
  | { readonly reason: 'refused'; readonly problem: Problem; readonly payment: Payment | null }
  /** Buy again later: the same payment is sent. */
  | { readonly reason: 'unknown'; readonly tries: number; readonly detail: string; readonly payment: Payment | null }
  /** Used or canceled on the chain, and the network does not answer it. Nothing new is signed. */
  | { readonly reason: 'used-unanswered'; readonly problem: Problem; readonly payment: Payment }
  /** Bought before, and the network keeps that answer no more: buy `anew`. */
  | { readonly reason: 'no-longer-kept'; readonly payment: Payment }
  | { readonly reason: 'malformed-offer'; readonly detail: string }
  | { readonly reason: 'over-payment-limit'; readonly amount: bigint; readonly most: bigint }
  | { readonly reason: 'over-budget'; readonly amount: bigint; readonly committed: bigint; readonly budget: bigint }
  | { readonly reason: 'not-signed'; readonly detail: string }
  | BadOffer;

export type Purchase = Result<Bought, Unbought>;

/** Clocks differ, and a block may be late. */
const CLOCK_MARGIN_MS = 60_000;

export const SYSTEM: Transport = {
  fetch: (request) => fetch(request),
  nowMs: () => Date.now(),
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  jitter: () => Math.random(),
};

export class Buyer {
  readonly #options: BuyerOptions;
  readonly #usdc: string;
  readonly #transport: Transport;
  readonly #patience: Patience;
  readonly #client: x402Client;
  readonly #http: x402HTTPClient;
  readonly #running = new Map<string, Promise<Purchase>>();
  #signing: Promise<unknown> = Promise.resolve();

  constructor(options: BuyerOptions) {
    const { chainId, signer, mostPerPayment } = options;
    const usdc = options.usdc ?? usdcAddress(chainId);
    if (usdc === undefined) throw new Error(`the USDC of chain ${chainId} is not known; name it in \`usdc\``);
    this.#options = options;
    this.#usdc = usdc.toLowerCase();
    this.#transport = options.transport ?? SYSTEM;
    this.#patience = options.patience ?? DEFAULT_PATIENCE;
    this.#client = new x402Client()
      .register(`eip155:${chainId}`, new ExactEvmScheme(signer))
      // Without this line x402 refuses every asset on OP: its table of known assets has none there.
      .setSpendControls({
        allowedAssets: [
          { network: `eip155:${chainId}`, asset: this.#usdc, maxAmountPerPayment: String(mostPerPayment) },
        ],
      });
    this.#http = new x402HTTPClient(this.#client);
  }

  /**
   * The answer, paid for at most once. Asked again, brings the answer that was bought for as long as the network keeps it
   * (a day); with `anew`, pays for a new one once the last is settled. Callers at the same time share one purchase.
   */
  async buy(query: Query, { anew = false }: { readonly anew?: boolean } = {}): Promise<Purchase> {
    const name = nameQuery(query);
    let running = this.#running.get(name);
    if (running === undefined) {
      running = this.#buy(query, name, anew).finally(() => this.#running.delete(name));
      this.#running.set(name, running);
    }
    const bought = await running;
    return bought.ok ? ok({ ...bought.value, response: bought.value.response.clone() }) : bought;
  }

  async #buy(query: Query, name: string, anew: boolean): Promise<Purchase> {
    const last = lastOf(await this.#options.store.all(), name);
    if (last !== null && last.state !== 'void' && !(anew && last.state === 'settled')) {
      const collected = await this.#collect(query, last);
      if (collected.ok || collected.error.reason !== 'refused') return collected;
      const standing = await this.#standingOf(last, collected.error.problem);
      if (standing === 'settled') return err({ reason: 'no-longer-kept', payment: last });
      if (standing === 'used') {
        return err({ reason: 'used-unanswered', problem: collected.error.problem, payment: last });
      }
      if (standing === 'open') return collected;
      await this.#options.store.update({ ...last, state: 'void' });
    }
    const asked = await sendUntilKnown(query, {}, this.#transport, this.#patience);
    if (asked.kind === 'answered') return ok({ response: asked.response, payment: null });
    if (asked.kind === 'unknown') {
      return err({ reason: 'unknown', tries: asked.tries, detail: asked.detail, payment: null });
    }
    if (asked.problem.status !== 402) return err({ reason: 'refused', problem: asked.problem, payment: null });
    const signed = await this.#inTurn(() => this.#sign(asked.headers, name, (last?.turn ?? 0) + 1));
    return signed.ok ? this.#collect(query, signed.value) : signed;
  }

  /** Brings what a payment buys, by the header that was first sent. */
  async #collect(query: Query, payment: Payment): Promise<Purchase> {
    const header = { 'PAYMENT-SIGNATURE': payment.header };
    const sent = await sendUntilKnown(query, header, this.#transport, this.#patience);
    switch (sent.kind) {
      case 'refused':
        return err({ reason: 'refused', problem: sent.problem, payment });
      case 'unknown':
        return err({ reason: 'unknown', tries: sent.tries, detail: sent.detail, payment });
      case 'answered': {
        const transaction = transactionIn(sent.response);
        if (transaction === null) return ok({ response: sent.response, payment });
        const settled: Payment = { ...payment, state: 'settled', transaction };
        if (payment.state !== 'settled') await this.#options.store.update(settled);
        return ok({ response: sent.response, payment: settled });
      }
    }
  }

  /** over: it can never be charged any more. */
  async #standingOf(payment: Payment, problem: Problem): Promise<'settled' | 'used' | 'open' | 'over'> {
    if (payment.state === 'settled') return 'settled';
    const { chain } = this.#options;
    if (chain !== undefined) {
      const seen = await chain.look(payment).catch(() => null);
      if (seen?.used) return 'used';
      return seen !== null && seen.timeSeconds >= payment.validBeforeSeconds ? 'over' : 'open';
    }
    const isLate = this.#transport.nowMs() > payment.validBeforeSeconds * 1000 + CLOCK_MARGIN_MS;
    // The network answers 402 only where it neither charged the payment nor sent it to the chain.
    return isLate && problem.status === 402 ? 'over' : 'open';
  }

  async #sign(headers: Headers, query: string, turn: number): Promise<Result<Payment, Unbought>> {
    const required = this.#readRequired(headers);
    if (!required.ok) return required;
    const offer = readOffer(required.value, this.#options.chainId, this.#usdc);
    if (!offer.ok) return offer;
    const amount = BigInt(offer.value.amount);
    const { mostPerPayment: most, budget, store } = this.#options;
    if (amount > most) return err({ reason: 'over-payment-limit', amount, most });
    const committed = (await store.all())
      .filter((payment) => payment.state !== 'void')
      .reduce((sum, payment) => sum + BigInt(payment.amount), 0n);
    if (budget !== null && committed + amount > budget) {
      return err({ reason: 'over-budget', amount, committed, budget });
    }
    const payment = await this.#signOffer(required.value, offer.value, { query, turn });
    if (!payment.ok) return payment;
    return ok((await store.add(payment.value)) ?? payment.value);
  }

  #readRequired(headers: Headers): Result<PaymentRequired, Unbought> {
    try {
      return ok(this.#http.getPaymentRequiredResponse((name) => headers.get(name)));
    } catch (error) {
      return err({ reason: 'malformed-offer', detail: (error as Error).message });
    }
  }

  async #signOffer(
    { x402Version, resource }: PaymentRequired,
    offer: PaymentRequirements,
    name: Pick<Payment, 'query' | 'turn'>,
  ): Promise<Result<Payment, Unbought>> {
    try {
      // Of what was offered only this, and none of the seller's extensions.
      const signed = await this.#client.createPaymentPayload({ x402Version, resource, accepts: [offer] });
      const { from, nonce, validBefore } = signed.payload['authorization'] as Readonly<Record<string, string>>;
      const header = this.#http.encodePaymentSignatureHeader(signed)['PAYMENT-SIGNATURE'];
      return ok({
        ...name,
        header: String(header),
        amount: offer.amount,
        payer: String(from),
        nonce: String(nonce),
        asset: this.#usdc,
        validBeforeSeconds: Number(validBefore),
        state: 'signed',
        transaction: null,
      });
    } catch (error) {
      // A wallet that was told no, for example.
      return err({ reason: 'not-signed', detail: (error as Error).message });
    }
  }

  /** One after the other: of two queries at once each must see what the other commits of the budget. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#signing.then(task);
    this.#signing = turn.catch(() => undefined);
    return turn;
  }
}

function lastOf(payments: readonly Payment[], query: string): Payment | null {
  return payments.reduce<Payment | null>(
    (last, payment) => (payment.query === query && payment.turn > (last?.turn ?? 0) ? payment : last),
    null,
  );
}

/** Null: no receipt, the payment was not needed. */
function transactionIn(response: Response): string | null {
  const receipt = response.headers.get('PAYMENT-RESPONSE');
  if (receipt === null) return null;
  try {
    const { success, transaction } = decodePaymentResponseHeader(receipt);
    return success ? transaction : null;
  } catch {
    return null;
  }
}
