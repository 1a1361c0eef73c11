/** An anvil of its own, on a free port, with the test USDC on it, behind a wire that a test can count and cut. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createTestClient, createWalletClient, http, parseEther, publicActions, type PrivateKeyAccount } from 'viem';
import { mnemonicToAccount } from 'viem/accounts';
import { testUsdcAbi } from '../../../contracts/abi/test-usdc.gen.ts';
import { testUsdcBytecode } from '../../../contracts/abi/test-usdc.bytecode.gen.ts';
import { startRpcProxy } from '../../support/rpc-proxy.ts';

export type ShopChain = Awaited<ReturnType<typeof startShopChain>>;

const MNEMONIC = 'test test test test test test test test test test test junk';
const deployer = mnemonicToAccount(MNEMONIC, { addressIndex: 0 });

export async function startShopChain() {
  const anvil = spawn('anvil', [
    '--port',
    '0',
    '--chain-id',
    '10',
    '-n',
    'optimism',
    '--timestamp',
    String(Math.floor(Date.now() / 1000)),
  ]);
  const rpc = await listeningOn(anvil);
  const wire = await startRpcProxy(rpc);

  const client = createTestClient({ mode: 'anvil', transport: http(rpc) }).extend(publicActions);
  const wallet = createWalletClient({ account: deployer, transport: http(rpc) });
  const deploy = async (): Promise<`0x${string}`> => {
    const hash = await wallet.deployContract({ abi: testUsdcAbi, bytecode: testUsdcBytecode, chain: null });
    const { contractAddress } = await client.waitForTransactionReceipt({ hash });
    if (!contractAddress) throw new Error('the test USDC was not deployed');
    return contractAddress.toLowerCase() as `0x${string}`;
  };
  const address = await deploy();
  const mint = async (token: `0x${string}`, to: `0x${string}`, baseUnits: bigint): Promise<void> => {
    const call = { address: token, abi: testUsdcAbi, functionName: 'mint', chain: null } as const;
    const hash = await wallet.writeContract({ ...call, args: [to, baseUnits] });
    await client.waitForTransactionReceipt({ hash });
  };

  return {
    client,
    usdc: address,
    /** The chain itself, past the wire. */
    rpcUrl: rpc,
    wire,
    proxyUrl: wire.url,
    /** Methods that the Worker asked for since the last call. */
    takeAsked: () => wire.asked.splice(0),
    balanceOf: (account: `0x${string}`) =>
      client.readContract({ address, abi: testUsdcAbi, functionName: 'balanceOf', args: [account] }),
    giveGas: (to: `0x${string}`) => client.setBalance({ address: to, value: parseEther('1') }),
    async fund(account: PrivateKeyAccount, baseUnits: bigint) {
      await client.setBalance({ address: account.address, value: parseEther('1') });
      await mint(address, account.address, baseUnits);
    },
    /** Another token that looks like USDC. */
    async deployToken(owner: `0x${string}`, baseUnits: bigint) {
      const token = await deploy();
      await mint(token, owner, baseUnits);
      return token;
    },
    async stop() {
      await wire.close();
      anvil.kill();
      await once(anvil, 'exit');
    },
  };
}

async function listeningOn(anvil: ReturnType<typeof spawn>): Promise<string> {
  let said = '';
  for await (const chunk of anvil.stdout ?? []) {
    said += String(chunk);
    const address = /Listening on (127\.0\.0\.1:\d+)/.exec(said)?.[1];
    if (address) {
      anvil.stdout?.resume();
      return `http://${address}`;
    }
  }
  throw new Error(`anvil did not start: ${said}`);
}
