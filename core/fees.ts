/**
 * What to offer for a transaction: EIP-1559 fees in wei, and how much it may cost in all. A replacement keeps its nonce
 * and must raise both fields, else nodes refuse it.
 */

export type Fees = { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint };

/** What the chain asks for one transaction at this moment. */
export type Price = {
  /** The most it may use. */
  readonly gas: bigint;
  readonly baseFeePerGas: bigint;
  /** What an OP chain takes beside gas, for its data on L1 and for the operator; 0 on other chains. In wei. */
  readonly besideGas: bigint;
};

export type Offer =
  | { readonly kind: 'offer'; readonly fees: Fees }
  /** Above the limit: it waits until the chain is cheaper. */
  | { readonly kind: 'too-dear'; readonly costWei: bigint };

/** OP Mainnet's blocks are rarely full: a thousandth of a gwei is the tip its node suggests. */
const PRIORITY_WEI = 1_000_000n;
/** Attempts at one nonce that only time asks for: 2.5 times the first price. */
export const MAX_TIMED_ATTEMPTS = 9;

export function costWei({ gas, baseFeePerGas, besideGas }: Price): bigint {
  return gas * (baseFeePerGas + PRIORITY_WEI) + besideGas;
}

/** A base fee above its price keeps it out of every block; else it is given time. */
export function needsBetterOffer(last: Fees, baseFeePerGas: bigint, waitedMs: number, patienceMs: number): boolean {
  return last.maxFeePerGas < baseFeePerGas || waitedMs >= patienceMs;
}

/** Room for the base fee to double twice before the transaction has to be replaced, but never more than the limit. */
export function firstOffer(price: Price, limitWei: bigint): Offer {
  const cost = costWei(price);
  if (cost > limitWei) return { kind: 'too-dear', costWei: cost };
  const { maxFeePerGas, maxPriorityFeePerGas } = marketFees(price.baseFeePerGas);
  return {
    kind: 'offer',
    fees: { maxFeePerGas: smaller(maxFeePerGas, mostPerGas(price, limitWei)), maxPriorityFeePerGas },
  };
}

/**
 * At least an eighth more than the last attempt (op-reth and geth ask for 10 %), more if the market rose. Null: the last
 * attempt stays, because a better one would be above the limit, or would only be one more.
 */
export function betterOffer(last: Fees, attempts: number, price: Price, limitWei: bigint): Fees | null {
  // One that cannot be mined at today's base fee is worth replacing however often it was before.
  if (attempts >= MAX_TIMED_ATTEMPTS && last.maxFeePerGas >= price.baseFeePerGas) return null;
  const market = marketFees(price.baseFeePerGas);
  const least = raised(last.maxFeePerGas);
  const most = mostPerGas(price, limitWei);
  if (least > most) return null;
  const maxFeePerGas = smaller(larger(least, market.maxFeePerGas), most);
  const maxPriorityFeePerGas = larger(raised(last.maxPriorityFeePerGas), market.maxPriorityFeePerGas);
  // EIP-1559: the tip is part of the fee.
  return maxPriorityFeePerGas > maxFeePerGas ? null : { maxFeePerGas, maxPriorityFeePerGas };
}

function marketFees(baseFeePerGas: bigint): Fees {
  return { maxFeePerGas: 4n * baseFeePerGas + PRIORITY_WEI, maxPriorityFeePerGas: PRIORITY_WEI };
}

function mostPerGas({ gas, besideGas }: Price, limitWei: bigint): bigint {
  return gas > 0n && limitWei > besideGas ? (limitWei - besideGas) / gas : 0n;
}

const raised = (wei: bigint): bigint => wei + wei / 8n + 1n;
const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
