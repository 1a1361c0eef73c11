/** The two calls the Minter makes, and how much gas they may use. */
import { encodeFunctionData } from 'viem';
import { epochDistributorAbi } from '../../contracts/abi/epoch-distributor.gen.ts';
import type { PayoutBatch } from '../../core/reward/batches.ts';
import { merkleProof } from '../../core/reward/merkle.ts';
import type { EpochRow } from './epoch-rows.ts';

type Hex = `0x${string}`;

/** Measured below 300,000 (contracts/README.md), which grows with the logarithm of lots ever sold. What is not used is not paid. */
export const COMMIT_GAS = 400_000n;
/** EIP-7825: no transaction may ask for more. */
const TRANSACTION_GAS = 16_777_216n;

export function commitData(row: EpochRow): Hex {
  return encodeFunctionData({
    abi: epochDistributorAbi,
    functionName: 'commitEpoch',
    args: [
      BigInt(row.epoch),
      asHex(row.root),
      BigInt(row.total),
      BigInt(row.reserved),
      BigInt(row.usdcTotal),
      row.batchCount,
      asHex(row.reportHash),
      asHex(row.ruleSetHash),
      asHex(row.dataRoot),
    ],
  });
}

export function mintData(batches: readonly PayoutBatch[], index: number): Hex | null {
  const batch = batches[index];
  if (!batch) return null;
  const proof = merkleProof(
    batches.map(({ leaf }) => leaf),
    index,
  );
  return encodeFunctionData({
    abi: epochDistributorAbi,
    functionName: 'mintBatch',
    args: [BigInt(batch.epoch), index, batch.to.map(asHex), batch.amount, batch.usdcAmount, proof],
  });
}

/** A quarter above the estimate: balances may turn from zero to non-zero and back until the transaction is mined. */
export function mintGas(estimate: bigint): bigint {
  const gas = estimate + estimate / 4n + 20_000n;
  return gas < TRANSACTION_GAS ? gas : TRANSACTION_GAS;
}

function asHex(text: string): Hex {
  return text.startsWith('0x') ? (text as Hex) : `0x${text}`;
}
