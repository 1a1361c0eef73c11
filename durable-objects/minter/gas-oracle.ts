/**
 * What an OP chain takes for a transaction beside its gas: its share of the data on L1, and the operator's fee. Asked of
 * the GasPriceOracle, which stands at the same address on every OP chain; where there is none (anvil), it is nothing.
 */
import { parseAbi, serializeTransaction, type PublicClient, type TransactionSerializableEIP1559 } from 'viem';
import { isMissing } from './revert.ts';

const ORACLE = {
  address: '0x420000000000000000000000000000000000000F',
  // getL1Fee adds the signature's length itself; getOperatorFee is there since Isthmus.
  abi: parseAbi([
    'function getL1Fee(bytes unsignedTransaction) view returns (uint256)',
    'function getOperatorFee(uint256 gas) view returns (uint256)',
  ]),
} as const;

export async function besideGas(
  client: PublicClient,
  transaction: TransactionSerializableEIP1559,
  gas: bigint,
): Promise<bigint> {
  const [dataFee, operatorFee] = await Promise.all([
    orNothing(client.readContract({ ...ORACLE, functionName: 'getL1Fee', args: [serializeTransaction(transaction)] })),
    orNothing(client.readContract({ ...ORACLE, functionName: 'getOperatorFee', args: [gas] })),
  ]);
  return dataFee + operatorFee;
}

/** No oracle, or an older one without the question. A node that fails is no answer and stays an error. */
async function orNothing(asked: Promise<bigint>): Promise<bigint> {
  try {
    return await asked;
  } catch (error) {
    if (isMissing(error)) return 0n;
    throw error;
  }
}
