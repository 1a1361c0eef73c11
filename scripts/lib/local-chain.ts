/** The chain of `npm start` and of test/e2e: anvil, our contracts on it, and accounts with money. */
import { join } from 'node:path';
import { createPublicClient, createWalletClient, encodeFunctionData, type Hex, http, isAddressEqual } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { epochDistributorAbi } from '../../contracts/abi/epoch-distributor.gen.ts';
import { rewardTokenAbi } from '../../contracts/abi/reward-token.gen.ts';
import { testUsdcAbi } from '../../contracts/abi/test-usdc.gen.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { epochOf } from '../../core/time.ts';
import { type AuctionOptions, deployContracts } from '../deploy-contracts.ts';
import type { LocalAccounts } from './accounts.ts';
import type { Chain } from './chain.ts';
import type { Contracts } from './folder.ts';
import { Refusal } from './say.ts';

export const CHAIN_FILE = 'chain.bin';
export const chainFile = (dir: string): string => join(dir, CHAIN_FILE);

/** The guardian's time between commit and mint: on a network where a day lasts minutes, seconds. */
const DELAY_SECONDS = 4;
/** Backfilled days can be paid, too. */
const EPOCHS_BEFORE_NOW = 4;
/** As on the real network, with hours of 20 seconds; any sale makes a lot. */
const AUCTION: AuctionOptions = { halfLifeSeconds: 20, leastLot: 1n, leastStartRate: 100_000n * 10n ** 12n };
const GAS_MONEY = 1000n * 10n ** 18n;
export const BUYER_USDC = 1_000_000_000n;

/** Deploys everything and gives the accounts what they need. Mines at once, however slow the chain's blocks are. */
export async function setUpChain(chain: Chain, accounts: LocalAccounts): Promise<Contracts> {
  const { deployer, admin, guardian, committer, settler, buyer, regionalOperator, owners } = accounts;
  const everyone = [deployer, admin, guardian, committer, settler, buyer, regionalOperator, ...owners];
  for (const { address } of everyone) await chain.request('anvil_setBalance', [address, `0x${GAS_MONEY.toString(16)}`]);
  const mine = () => chain.request('evm_mine');
  const contracts = await deployContracts({
    rpc: chain.rpc,
    deployerKey: deployer.privateKey,
    admin: admin.address,
    guardian: guardian.address,
    committer: committer.address,
    usdc: null,
    epochSeconds: LOCAL_RULES.time.epochSeconds,
    firstEpoch: epochOf(Date.now(), LOCAL_RULES.time) - EPOCHS_BEFORE_NOW,
    delaySeconds: DELAY_SECONDS,
    adminDelaySeconds: DELAY_SECONDS,
    auction: AUCTION,
    afterSend: mine,
  });
  await mintUsdc(chain, accounts, contracts, buyer.address, BUYER_USDC);
  return contracts;
}

/** Play money; base units of 1e-6. */
export async function mintUsdc(
  chain: Chain,
  accounts: LocalAccounts,
  contracts: Contracts,
  to: Hex,
  amount: bigint,
): Promise<void> {
  const data = encodeFunctionData({ abi: testUsdcAbi, functionName: 'mint', args: [to, amount] });
  await send(chain, accounts.deployer.privateKey, contracts.usdc, data);
}

async function send(chain: Chain, key: Hex, to: Hex, data: Hex): Promise<void> {
  const transport = http(chain.rpc);
  const wallet = createWalletClient({ account: privateKeyToAccount(key), transport });
  const hash = await wallet.sendTransaction({ chain: null, to, data });
  await chain.request('evm_mine');
  const { status } = await createPublicClient({ transport, pollingInterval: 100 }).waitForTransactionReceipt({ hash });
  if (status !== 'success') throw new Error(`transaction ${hash} to ${to} was reverted`);
}

/** The saved chain must hold the contracts that the folder remembers, set up as this network needs them. */
export async function checkChain(chain: Chain, contracts: Contracts): Promise<void> {
  const client = createPublicClient({ transport: http(chain.rpc) });
  const { token, distributor: address } = contracts;
  const distributor = { address, abi: epochDistributorAbi } as const;
  try {
    const [epochSeconds, itsToken, minter] = await Promise.all([
      client.readContract({ ...distributor, functionName: 'epochSeconds' }),
      client.readContract({ ...distributor, functionName: 'token' }),
      client.readContract({ address: token, abi: rewardTokenAbi, functionName: 'minter' }),
    ]);
    const fits =
      isAddressEqual(minter, address) &&
      Number(epochSeconds) === LOCAL_RULES.time.epochSeconds &&
      isAddressEqual(itsToken, token);
    if (fits) return;
  } catch {
    // No code at the address, or other code: not our contracts.
  }
  throw new Refusal("the saved chain does not hold this network's contracts; `npm start -- --fresh` begins anew.");
}
