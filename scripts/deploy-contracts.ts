/**
 * Deploys token, burn auction and distributor, wired to each other for good. `npm start` calls `deployContracts` for its
 * own chain; for a real one:
 *
 *   DEPLOYER_PRIVATE_KEY=0x... npm run deploy:contracts -- --rpc URL --admin SAFE --guardian ADDRESS --committer ADDRESS
 *
 * The deployer gets no role, and nothing is left to be granted.
 */
import { parseArgs } from 'node:util';
import {
  createPublicClient,
  createWalletClient,
  getContractAddress,
  type Hex,
  http,
  isAddressEqual,
  keccak256,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { burnAuctionBytecode } from '../contracts/abi/burn-auction.bytecode.gen.ts';
import { burnAuctionAbi } from '../contracts/abi/burn-auction.gen.ts';
import { epochDistributorBytecode } from '../contracts/abi/epoch-distributor.bytecode.gen.ts';
import { epochDistributorAbi } from '../contracts/abi/epoch-distributor.gen.ts';
import { rewardTokenBytecode } from '../contracts/abi/reward-token.bytecode.gen.ts';
import { rewardTokenAbi } from '../contracts/abi/reward-token.gen.ts';
import { testUsdcBytecode } from '../contracts/abi/test-usdc.bytecode.gen.ts';
import { testUsdcAbi } from '../contracts/abi/test-usdc.gen.ts';
import { parseOwnerAddress } from '../core/ids.ts';
import { MAIN_RULES } from '../core/rules/main.ts';
import { epochOf } from '../core/time.ts';
import { isHttpAddress } from './command-line.ts';
import type { Contracts } from './lib/folder.ts';
import { isMain, Refusal, runCommand } from './lib/say.ts';

export type DeployOptions = {
  readonly rpc: string;
  readonly deployerKey: Hex;
  readonly admin: Hex;
  readonly guardian: Hex;
  readonly committer: Hex;
  /** The token buyers pay with; null deploys the play money of contracts/src/TestUsdc.sol. */
  readonly usdc: Hex | null;
  readonly epochSeconds: number;
  /** First epoch that may be committed. */
  readonly firstEpoch: number;
  /** Between a commit and its first mint. */
  readonly delaySeconds: number;
  /** Between announcing a new admin and its acceptance. */
  readonly adminDelaySeconds: number;
  readonly auction: AuctionOptions;
  /** Called after each transaction: a local chain mines at once. */
  readonly afterSend?: () => Promise<unknown>;
};

/** See BurnAuction.Config. */
export type AuctionOptions = {
  readonly halfLifeSeconds: number;
  /** USDC base units. */
  readonly leastLot: bigint;
  /** RewardToken base units for one USDC base unit. */
  readonly leastStartRate: bigint;
};

/**
 * A lot starts at 100,000 ISO for a USDC or more and halves every hour: a token that is worth a dollar is reached in 17
 * hours, within a day of the epoch that pays the next lot.
 */
export const MAIN_AUCTION: AuctionOptions = {
  halfLifeSeconds: 3600,
  leastLot: 10_000_000n,
  leastStartRate: 100_000n * 10n ** 12n,
};

/** Changes when the code to deploy does. */
export const CONTRACTS_HASH = keccak256(
  `0x${[rewardTokenBytecode, burnAuctionBytecode, epochDistributorBytecode, testUsdcBytecode].map((code) => code.slice(2)).join('')}`,
);

export async function deployContracts(options: DeployOptions): Promise<Contracts> {
  const account = privateKeyToAccount(options.deployerKey);
  const reader = createPublicClient({ transport: http(options.rpc), pollingInterval: 100 });
  const wallet = createWalletClient({ account, transport: http(options.rpc) });
  const deployed = async (hash: Hex): Promise<Hex> => {
    await options.afterSend?.();
    const { status, contractAddress } = await reader.waitForTransactionReceipt({ hash });
    if (status !== 'success' || !contractAddress)
      throw new Refusal(`the chain refused to deploy a contract (transaction ${hash}).`);
    return contractAddress;
  };
  const chain = null;
  const usdc =
    options.usdc ??
    (await deployed(await wallet.deployContract({ chain, abi: testUsdcAbi, bytecode: testUsdcBytecode })));
  // Token and distributor name each other; the address of what is deployed third follows from the deployer's nonce.
  const nonce = BigInt(await reader.getTransactionCount({ address: account.address, blockTag: 'pending' }));
  const minter = getContractAddress({ from: account.address, nonce: nonce + 2n });
  const token = await deployed(
    await wallet.deployContract({ chain, abi: rewardTokenAbi, bytecode: rewardTokenBytecode, args: [minter] }),
  );
  const { halfLifeSeconds, leastLot, leastStartRate } = options.auction;
  const burnAuction = await deployed(
    await wallet.deployContract({
      chain,
      abi: burnAuctionAbi,
      bytecode: burnAuctionBytecode,
      args: [{ token, usdc, halfLifeSeconds: BigInt(halfLifeSeconds), leastLot, leastStartRate }],
    }),
  );
  const config = {
    token,
    usdc,
    burnCounter: burnAuction,
    delaySeconds: BigInt(options.delaySeconds),
    epochSeconds: BigInt(options.epochSeconds),
    firstEpoch: BigInt(options.firstEpoch),
    adminDelay: options.adminDelaySeconds,
    admin: options.admin,
    committer: options.committer,
    guardian: options.guardian,
  };
  const distributor = await deployed(
    await wallet.deployContract({
      chain,
      abi: epochDistributorAbi,
      bytecode: epochDistributorBytecode,
      args: [config],
    }),
  );
  // The distributor refuses a token that names another minter, so this fails only where the chain lies.
  if (!isAddressEqual(distributor, minter))
    throw new Refusal(`the distributor came to be at another address (${distributor}).`);
  return { token, distributor, burnAuction, usdc };
}

const DELAY_SECONDS = 3 * 3600;
const ADMIN_DELAY_SECONDS = 2 * 86_400;

if (isMain(import.meta.url)) {
  await runCommand(async () => {
    const { values } = parseArgs({
      options: {
        rpc: { type: 'string' },
        admin: { type: 'string' },
        guardian: { type: 'string' },
        committer: { type: 'string' },
        usdc: { type: 'string', default: '0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85' },
      },
    });
    const address = (name: 'admin' | 'guardian' | 'committer' | 'usdc'): Hex => {
      const parsed = parseOwnerAddress(values[name]);
      if (!parsed.ok) throw new Refusal(`--${name} must be an address (0x and 40 hex digits).`);
      return parsed.value;
    };
    if (!values.rpc || !isHttpAddress(values.rpc)) throw new Refusal('--rpc must be the URL of the chain, https://...');
    const deployerKey = process.env['DEPLOYER_PRIVATE_KEY'] ?? '';
    if (!/^0x[0-9a-fA-F]{64}$/.test(deployerKey))
      throw new Refusal('set DEPLOYER_PRIVATE_KEY to 0x and 64 hex digits.');
    const contracts = await deployContracts({
      rpc: values.rpc,
      deployerKey: deployerKey as Hex,
      admin: address('admin'),
      guardian: address('guardian'),
      committer: address('committer'),
      usdc: address('usdc'),
      epochSeconds: MAIN_RULES.time.epochSeconds,
      firstEpoch: epochOf(Date.now(), MAIN_RULES.time),
      delaySeconds: DELAY_SECONDS,
      adminDelaySeconds: ADMIN_DELAY_SECONDS,
      auction: MAIN_AUCTION,
    });
    console.log(JSON.stringify(contracts, null, 2));
  });
}
