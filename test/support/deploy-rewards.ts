/** Token, play money and distributor on a test chain, with the roles as on a real one. */
import { createTestClient, http, keccak256, publicActions, toHex, walletActions, type Hex } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { epochDistributorAbi } from '../../contracts/abi/epoch-distributor.gen.ts';
import { rewardTokenAbi } from '../../contracts/abi/reward-token.gen.ts';
import { merkleProof } from '../../core/reward/merkle.ts';
import type { EpochReport } from '../../core/reward/report.ts';
import { deployContracts } from '../../scripts/deploy-contracts.ts';
import type { LocalAccounts } from '../../scripts/lib/accounts.ts';

export type RewardContracts = {
  readonly token: Hex;
  readonly usdc: Hex;
  readonly distributor: Hex;
  readonly burnAuction: Hex;
  balanceOf(owner: string): Promise<bigint>;
  totalSupply(): Promise<bigint>;
  /** A stranger mints batch 0 of an epoch report, as anyone may. */
  mintFirstBatch(reportText: string): Promise<void>;
  /** The guardian takes back this epoch and all later ones. */
  revokeFrom(epoch: number): Promise<void>;
  /** The admin lets another key commit. */
  grantCommitter(address: Hex): Promise<void>;
};

/** A lot of one USDC costs one token at the start. */
const AUCTION = { halfLifeSeconds: 3600, leastLot: 1_000_000n, leastStartRate: 10n ** 12n };

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
  const by = { account: deployer, chain: null } as const;
  const { token, usdc, distributor, burnAuction } = await deployContracts({
    ...times,
    rpc,
    deployerKey: accounts.deployer.privateKey,
    admin: admin.address,
    guardian: guardian.address,
    committer: accounts.committer.address,
    usdc: null,
    adminDelaySeconds: 0,
    auction: AUCTION,
    afterSend: () => client.mine({ blocks: 1 }),
  });
  const ofToken = { address: token, abi: rewardTokenAbi } as const;
  return {
    token,
    usdc,
    distributor,
    burnAuction,
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
    async grantCommitter(address) {
      await done(
        await client.writeContract({
          account: admin,
          chain: null,
          address: distributor,
          abi: epochDistributorAbi,
          functionName: 'grantRole',
          args: [keccak256(toHex('COMMITTER_ROLE')), address],
        }),
      );
    },
  };
}
