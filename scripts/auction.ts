/**
 * `npm run auction`: the burn auction, which sells a tenth of all sales' USDC for reward tokens and burns them. Nobody has a
 * role in it: whoever has tokens may put up what lies there, and take it.
 */
import { readFile } from 'node:fs/promises';
import { BaseError, createPublicClient, createWalletClient, formatUnits, http, parseEventLogs, parseUnits } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { burnAuctionAbi } from '../contracts/abi/burn-auction.gen.ts';
import { epochDistributorAbi } from '../contracts/abi/epoch-distributor.gen.ts';
import { rewardTokenAbi } from '../contracts/abi/reward-token.gen.ts';
import { formatUsdc } from '../core/price/price.ts';
import type { StatusAnswer } from '../schema/api/public.ts';
import { request } from './admin-client.ts';
import { type Arguments, readArguments, runSubcommand, UsageError } from './command-line.ts';
import { done, Refusal } from './lib/say.ts';
import { DEFAULT_DIR, readLocalNetwork } from './local-network.ts';

const HELP = `npm run auction -- COMMAND

  status                          what lies there, and the open lots with their price now
  start                           puts all USDC that is in no lot up as a lot; its price halves again and again
  take --lot N [--most TOKENS]    burns the lot's price and gets its USDC (default: at most the price of this moment)

  --key-file FILE  private key, 0x and 64 hex digits (default: the local network's first owner)
  --api URL, --rpc URL, --dir FOLDER  (default: the network that npm start runs here, ${DEFAULT_DIR})`;

const VALUES = ['key-file', 'api', 'rpc', 'dir', 'lot', 'most'];
type Hex = `0x${string}`;

async function open({ flags }: Arguments) {
  const local = await readLocalNetwork(flags['dir'] ?? DEFAULT_DIR);
  const [api, rpc] = [flags['api'] ?? local?.api, flags['rpc'] ?? local?.rpc];
  if (!api || !rpc) throw new UsageError('which network? Start one with npm start, or give --api URL and --rpc URL');
  const { network } = await (await request(new URL('/v1/status', api))).json<StatusAnswer>();
  const transport = http(rpc);
  const client = createPublicClient({ transport, pollingInterval: 500 });
  const address = await client.readContract({
    address: network.contracts.distributor as Hex,
    abi: epochDistributorAbi,
    functionName: 'burnCounter',
  });
  const path = flags['key-file'];
  const key = path === undefined ? (local?.ownerKey ?? '') : (await readFile(path, 'utf8')).trim();
  return {
    client,
    transport,
    key,
    token: { address: network.contracts.token as Hex, abi: rewardTokenAbi } as const,
    auction: { address, abi: burnAuctionAbi } as const,
  };
}

type Opened = Awaited<ReturnType<typeof open>>;

function signer({ key, transport }: Opened) {
  if (!/^0x[0-9a-fA-F]{64}$/.test(key)) throw new UsageError('give --key-file with a private key');
  return createWalletClient({ account: privateKeyToAccount(key as Hex), transport });
}

/** Says in a sentence why the contract refuses. */
async function attempt<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof BaseError) throw new Refusal(error.shortMessage);
    throw error;
  }
}

async function status(args: readonly string[]): Promise<void> {
  const { client, auction } = await open(readArguments(args, { values: VALUES }));
  const usdc = await client.readContract({ ...auction, functionName: 'usdc' });
  const balance = { address: usdc, abi: rewardTokenAbi, functionName: 'balanceOf', args: [auction.address] } as const;
  const [held, inLots, count] = await Promise.all([
    client.readContract(balance),
    client.readContract({ ...auction, functionName: 'usdcInLots' }),
    client.readContract({ ...auction, functionName: 'lotCount' }),
  ]);
  console.log(`${auction.address}: ${formatUsdc(held - inLots)} USDC in no lot, ${formatUsdc(inLots)} in open lots`);
  for (let id = count; id > 0n; id--) {
    const lot = await client.readContract({ ...auction, functionName: 'lots', args: [id] });
    if (lot.usdc === 0n) continue;
    const price = await client.readContract({ ...auction, functionName: 'priceOf', args: [id] });
    console.log(`  lot ${id}: ${formatUsdc(lot.usdc)} USDC for ${formatUnits(price, 18)} tokens now`);
  }
}

async function start(args: readonly string[]): Promise<void> {
  const opened = await open(readArguments(args, { values: VALUES }));
  const { client, auction } = opened;
  const hash = await attempt(() => signer(opened).writeContract({ ...auction, functionName: 'start', chain: null }));
  const { logs } = await client.waitForTransactionReceipt({ hash });
  for (const { args: lot } of parseEventLogs({ abi: burnAuctionAbi, eventName: 'LotStarted', logs }))
    done(`lot ${lot.id}: ${formatUsdc(lot.usdc)} USDC, from ${formatUnits(lot.startPrice, 18)} tokens down`);
}

async function take(args: readonly string[]): Promise<void> {
  const read = readArguments(args, { values: VALUES });
  const lot = read.flags['lot'] ?? '';
  if (!/^[1-9]\d*$/.test(lot)) throw new UsageError('--lot N is missing');
  const opened = await open(read);
  const { client, auction, token } = opened;
  const wallet = signer(opened);
  const id = BigInt(lot);
  const price = await attempt(() => client.readContract({ ...auction, functionName: 'priceOf', args: [id] }));
  const most = read.flags['most'] === undefined ? price : parseUnits(read.flags['most'], 18);
  const allow = { ...token, functionName: 'approve', args: [auction.address, most], chain: null } as const;
  await client.waitForTransactionReceipt({ hash: await attempt(() => wallet.writeContract(allow)) });
  const call = { ...auction, functionName: 'take', args: [id, most], chain: null } as const;
  const hash = await attempt(() => wallet.writeContract(call));
  const { logs } = await client.waitForTransactionReceipt({ hash });
  for (const { args: taken } of parseEventLogs({ abi: burnAuctionAbi, eventName: 'LotTaken', logs }))
    done(`burned ${formatUnits(taken.burned, 18)} tokens for ${formatUsdc(taken.usdc)} USDC`);
}

const COMMANDS = new Map([
  ['status', status],
  ['start', start],
  ['take', take],
]);
await runSubcommand(HELP, COMMANDS, process.argv.slice(2));
