/** EIP-1559 fees in wei. A replacement keeps its nonce and must raise both fields, else nodes refuse it. */

export type Fees = { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint };

/** OP Mainnet's blocks are rarely full: a thousandth of a gwei is the tip its node suggests. */
const PRIORITY_WEI = 1_000_000n;

/** Room for the base fee to double twice before the transaction has to be replaced. */
export function freshFees(baseFeePerGas: bigint): Fees {
  return { maxFeePerGas: 4n * baseFeePerGas + PRIORITY_WEI, maxPriorityFeePerGas: PRIORITY_WEI };
}

/** At least an eighth more than the last attempt (op-reth and geth ask for 10 %), more if the market rose. */
export function bumpedFees(last: Fees, baseFeePerGas: bigint): Fees {
  const fresh = freshFees(baseFeePerGas);
  const maxPriorityFeePerGas = larger(raised(last.maxPriorityFeePerGas), fresh.maxPriorityFeePerGas);
  return { maxPriorityFeePerGas, maxFeePerGas: larger(raised(last.maxFeePerGas), fresh.maxFeePerGas) };
}

const raised = (wei: bigint): bigint => wei + wei / 8n + 1n;
const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
