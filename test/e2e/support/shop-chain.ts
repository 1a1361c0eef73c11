/** An anvil of its own, on a free port, with the test USDC on it, behind a proxy that counts what is asked of it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTestClient, createWalletClient, http, parseEther, publicActions, type PrivateKeyAccount } from 'viem';
import { mnemonicToAccount } from 'viem/accounts';
import { testUsdcAbi } from '../../../contracts/abi/test-usdc.gen.ts';
import { testUsdcBytecode } from '../../../contracts/abi/test-usdc.bytecode.gen.ts';

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
  const asked: string[] = [];
  const proxy = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      asked.push(...[JSON.parse(body) as { method: string } | { method: string }[]].flat().map(({ method }) => method));
      fetch(rpc, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
        .then(async (answer) => response.end(await answer.text()))
        .catch(() => response.destroy());
    });
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');

  const client = createTestClient({ mode: 'anvil', transport: http(rpc) }).extend(publicActions);
  const wallet = createWalletClient({ account: deployer, transport: http(rpc) });
  const deployed = await wallet.deployContract({ abi: testUsdcAbi, bytecode: testUsdcBytecode, chain: null });
  const { contractAddress: usdc } = await client.waitForTransactionReceipt({ hash: deployed });
  if (!usdc) throw new Error('the test USDC was not deployed');
  const address = usdc.toLowerCase() as `0x${string}`;

  return {
    client,
    usdc: address,
    proxyUrl: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    /** Methods that the Worker asked for since the last call. */
    takeAsked: () => asked.splice(0),
    balanceOf: (account: `0x${string}`) =>
      client.readContract({ address, abi: testUsdcAbi, functionName: 'balanceOf', args: [account] }),
    async fund(account: PrivateKeyAccount, baseUnits: bigint) {
      await client.setBalance({ address: account.address, value: parseEther('1') });
      const hash = await wallet.writeContract({
        address,
        abi: testUsdcAbi,
        functionName: 'mint',
        args: [account.address, baseUnits],
        chain: null,
      });
      await client.waitForTransactionReceipt({ hash });
    },
    async stop() {
      proxy.close();
      proxy.closeAllConnections();
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
