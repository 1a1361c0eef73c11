/**
 * What a buyer must not forget: a payment is kept before it is sent, because from then on the seller can charge it, and
 * only the very header that was sent brings the answer.
 */
export type Payment = {
  /** `nameQuery` of what it buys. */
  readonly query: string;
  /** 1 for the first payment of a query. (query, turn) is the payment's name. */
  readonly turn: number;
  /** PAYMENT-SIGNATURE as sent. */
  readonly header: string;
  /** USDC base units (1e-6), decimal. */
  readonly amount: string;
  readonly payer: string;
  /** Of the EIP-3009 authorization. */
  readonly nonce: string;
  readonly asset: string;
  /** The chain takes it until then. */
  readonly validBeforeSeconds: number;
  /**
   * signed: may be charged at any moment. settled: charged, and the answer came. void: its time ran out and it was never
   * used.
   */
  readonly state: 'signed' | 'settled' | 'void';
  /** Of the settlement. */
  readonly transaction: string | null;
};

export interface PaymentStore {
  /** Everything ever added. */
  all(): Promise<readonly Payment[]>;
  /**
   * Keeps a payment for good before it resolves. Where one of that name is kept already, by another program for example,
   * keeps nothing and says which; that one is then used instead.
   */
  add(payment: Payment): Promise<Payment | null>;
  /** Replaces the payment of that name. */
  update(payment: Payment): Promise<void>;
}

/** Forgets when the program ends: for programs that may ask again for what they paid for until then. */
export class MemoryStore implements PaymentStore {
  readonly #payments = new Map<string, Payment>();

  all(): Promise<readonly Payment[]> {
    return Promise.resolve([...this.#payments.values()]);
  }

  add(payment: Payment): Promise<Payment | null> {
    const known = this.#payments.get(nameOf(payment));
    if (known === undefined) this.#payments.set(nameOf(payment), payment);
    return Promise.resolve(known ?? null);
  }

  update(payment: Payment): Promise<void> {
    this.#payments.set(nameOf(payment), payment);
    return Promise.resolve();
  }
}

export const nameOf = ({ query, turn }: Pick<Payment, 'query' | 'turn'>): string => `${query}.${turn}`;

/** From outside: a file may hold anything. */
export function parsePayment(text: string): Payment | null {
  try {
    const value = JSON.parse(text) as Payment;
    const { query, turn, header, amount, payer, nonce, asset, validBeforeSeconds, state, transaction } = value;
    const isPayment =
      [query, header, payer, nonce, asset].every((part) => typeof part === 'string') &&
      Number.isSafeInteger(turn) &&
      Number.isSafeInteger(validBeforeSeconds) &&
      /^\d+$/.test(amount) &&
      ['signed', 'settled', 'void'].includes(state) &&
      (transaction === null || typeof transaction === 'string');
    return isPayment ? value : null;
  } catch {
    return null;
  }
}
