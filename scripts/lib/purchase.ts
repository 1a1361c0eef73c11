/** The buyers' client as the commands use it, and what it says in sentences. */
import { join } from 'node:path';
import type { PrivateKeyAccount } from 'viem/accounts';
import { Buyer, SYSTEM, type Unbought } from '../../buyers/client/buyer.ts';
import { chainAt } from '../../buyers/client/chain.ts';
import { FileStore } from '../../buyers/client/file-store.ts';
import { parseProblem, type Problem } from '../../buyers/client/problem.ts';
import type { Transport } from '../../buyers/client/send.ts';
import { formatUsdc } from '../../core/price/price.ts';
import { dim, Refusal } from './say.ts';

/** Within the local network's folder. */
const PURCHASES = 'purchases';

export type Payer = {
  readonly account: PrivateKeyAccount;
  readonly chainId: number;
  readonly usdc: string;
  readonly rpc: string | null;
  readonly dir: string;
  /** USDC base units. */
  readonly most: bigint;
};

/** Says so when it has to wait. */
export const TALKING: Transport = {
  ...SYSTEM,
  wait: (ms) => {
    console.log(dim('No answer yet; sending the same request again, which is charged once.'));
    return SYSTEM.wait(ms);
  },
};

export function buyerOf({ account, chainId, usdc, rpc, dir, most }: Payer): Buyer {
  return new Buyer({
    signer: account,
    chainId,
    usdc,
    mostPerPayment: most,
    budget: null,
    store: new FileStore(join(dir, PURCHASES)),
    ...(rpc === null ? {} : { chain: chainAt(rpc) }),
    transport: TALKING,
  });
}

export function describeUnbought(unbought: Unbought): string {
  switch (unbought.reason) {
    case 'refused':
      return sentenceOf(unbought.problem);
    case 'used-unanswered':
      return `the payment was used or canceled on the chain, and brings no answer: ${sentenceOf(unbought.problem)}`;
    case 'unknown':
      return `no answer came (${unbought.detail}); the same command again sends the same payment`;
    case 'no-longer-kept':
      return 'this was bought before and is kept no more; --anew buys it again';
    case 'over-payment-limit':
      return `it costs ${formatUsdc(unbought.amount)} USDC, and --max allows ${formatUsdc(unbought.most)}; nothing was paid`;
    default:
      return `the payment was not made: ${JSON.stringify(unbought, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`;
  }
}

export async function ask<T>(url: string | URL, init: RequestInit = {}): Promise<T> {
  return (await askWhole(url, init)).json<T>();
}

/** With its headers. */
export async function askWhole(url: string | URL, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, init).catch(() => {
    throw new Refusal(`nothing answers at ${new URL(url).origin}; is the network running?`);
  });
  if (!response.ok) throw new Refusal(sentenceOf(parseProblem(response.status, await response.text())));
  return response;
}

export function sentenceOf({ status, code, detail, remedy }: Problem): string {
  return `${[detail, ...(remedy === null ? [] : [remedy])].join(' ')} (${status} ${code})`;
}
