/** Token, play money and distributor on a test chain, with the roles as on a real one. */
import { createTestClient, http, keccak256, publicActions, toBytes, walletActions, zeroAddress, type Hex } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { epochDistributorBytecode } from '../../contracts/abi/epoch-distributor.bytecode.gen.ts';
import { epochDistributorAbi } from '../../contracts/abi/epoch-distributor.gen.ts';
import { rewardTokenBytecode } from '../../contracts/abi/reward-token.bytecode.gen.ts';
import { rewardTokenAbi } from '../../contracts/abi/reward-token.gen.ts';
import { testUsdcBytecode } from '../../contracts/abi/test-usdc.bytecode.gen.ts';
import { testUsdcAbi } from '../../contracts/abi/test-usdc.gen.ts';
import { merkleProof } from '../../core/reward/merkle.ts';
import type { EpochReport } from '../../core/reward/report.ts';
import type { LocalAccounts } from '../../scripts/lib/accounts.ts';

export type RewardContracts = {
  readonly token: Hex;
  readonly usdc: Hex;
  readonly distributor: Hex;
  balanceOf(owner: string): Promise<bigint>;
  totalSupply(): Promise<bigint>;
  /** A stranger mints batch 0 of an epoch report, as anyone may. */
  mintFirstBatch(reportText: string): Promise<void>;
  /** The guardian takes back this epoch and all later ones. */
  revokeFrom(epoch: number): Promise<void>;
};

type Times = { readonly firstEpoch: number; readonly epochSeconds: number; readonly delaySeconds: number };

export async function deployRewards(rpc: string, accounts: LocalAccounts, times: Times): Promise<RewardContracts> {
  const client = createTestClient({ mode: 'anvil', transport: http(rpc) })
    .extend(publicActions)
    .extend(walletActions);
  const deployer = privateKeyToAccount(accounts.deployer.privateKey);
  const guardian = privateKeyToAccount(accounts.guardian.privateKey);
  const admin = privateKeyToAccount(accounts.admin.privateKey);
  for (const { address } of [admin, guardian]) await client.setBalance({ address, value: 10n ** 18n });
  const done = async (hash: Hex) => {
    await client.mine({ blocks: 1 });
    const receipt = await client.getTransactionReceipt({ hash });
    if (receipt.status !== 'success') throw new Error(`${hash} reverted`);
    return receipt;
  };
  const addressOf = async (hash: Hex): Promise<Hex> => (await done(hash)).contractAddress ?? zeroAddress;
  const by = { account: deployer, chain: null } as const;
  const usdc = await addressOf(await client.deployContract({ ...by, abi: testUsdcAbi, bytecode: testUsdcBytecode }));
  const token = await addressOf(
    await client.deployContract({
      ...by,
      abi: rewardTokenAbi,
      bytecode: rewardTokenBytecode,
      args: [0, admin.address],
    }),
  );
  const distributor = await addressOf(
    await client.deployContract({
      ...by,
      abi: epochDistributorAbi,
      bytecode: epochDistributorBytecode,
      args: [
        {
          token,
          usdc,
          burnCounter: zeroAddress,
          delaySeconds: BigInt(times.delaySeconds),
          epochSeconds: BigInt(times.epochSeconds),
          firstEpoch: BigInt(times.firstEpoch),
          adminDelay: 0,
          admin: admin.address,
          committer: accounts.committer.address,
          guardian: guardian.address,
        },
      ],
    }),
  );
  await done(
    await client.writeContract({
      account: admin,
      chain: null,
      address: token,
      abi: rewardTokenAbi,
      functionName: 'grantRole',
      args: [keccak256(toBytes('MINTER_ROLE')), distributor],
    }),
  );
  const ofToken = { address: token, abi: rewardTokenAbi } as const;
  return {
    token,
    usdc,
    distributor,
    balanceOf: (owner) => client.readContract({ ...ofToken, functionName: 'balanceOf', args: [owner as Hex] }),
    totalSupply: () => client.readContract({ ...ofToken, functionName: 'totalSupply' }),
    async mintFirstBatch(reportText) {
      const { epoch, batches } = JSON.parse(reportText) as EpochReport;
      const [batch] = batches;
      if (!batch) throw new Error('the report has no batch');
      const leaves = batches.map(({ leaf }) => leaf);
      await done(
        await client.writeContract({
          ...by,
          address: distributor,
          abi: epochDistributorAbi,
          functionName: 'mintBatch',
          args: [
            BigInt(epoch),
            0,
            batch.to as Hex[],
            batch.amount.map(BigInt),
            batch.usdc.map(BigInt),
            merkleProof(leaves, 0),
          ],
        }),
      );
    },
    async revokeFrom(epoch) {
      await done(
        await client.writeContract({
          account: guardian,
          chain: null,
          address: distributor,
          abi: epochDistributorAbi,
          functionName: 'revokeFrom',
          args: [BigInt(epoch)],
        }),
      );
    },
  };
}
