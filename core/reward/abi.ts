/**
 * `abi.encode(uint64 epoch, uint32 index, address[] to, uint256[] amount, uint256[] usdcAmount)`: the bytes that the
 * contract hashes for a batch (Solidity ABI specification, "Formal Specification of the Encoding"). Written out here so
 * that core/ needs no chain library; a test compares it with one.
 */
import { hexToBytes } from '@noble/hashes/utils.js';

const WORD = 32;
const HEAD_WORDS = 5;

export type BatchFields = {
  readonly epoch: number;
  readonly index: number;
  readonly to: readonly string[];
  readonly amount: readonly bigint[];
  readonly usdcAmount: readonly bigint[];
};

export function encodeBatch(batch: BatchFields): Uint8Array {
  const { to, amount, usdcAmount } = batch;
  const bytes = new Uint8Array(WORD * (HEAD_WORDS + 3 + to.length + amount.length + usdcAmount.length));
  let at = 0;
  const word = (value: bigint): void => {
    bytes.set(hexToBytes(value.toString(16).padStart(2 * WORD, '0')), at);
    at += WORD;
  };
  // Dynamic values stand in the head as their offset from the start of the encoding.
  const toOffset = WORD * HEAD_WORDS;
  const amountOffset = toOffset + WORD * (1 + to.length);
  const usdcOffset = amountOffset + WORD * (1 + amount.length);
  for (const head of [batch.epoch, batch.index, toOffset, amountOffset, usdcOffset]) word(BigInt(head));
  for (const values of [to.map(BigInt), amount, usdcAmount]) {
    word(BigInt(values.length));
    values.forEach(word);
  }
  return bytes;
}
