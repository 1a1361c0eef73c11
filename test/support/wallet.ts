/** A real wallet client that owns nothing, and sign-ins as `npm run owner` makes them. */
import { createWalletClient, http } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { pack, signIn, type Purpose, type Wallet } from '../../scripts/lib/sign-in.ts';

export function newWallet(): Wallet {
  const account = privateKeyToAccount(generatePrivateKey());
  // Signing asks no node.
  const client = createWalletClient({ account, transport: http('http://127.0.0.1:1') });
  return { address: account.address, signMessage: (message) => client.signMessage({ message }) };
}

/** The header that a wallet gives for an address of the API. */
export function authorizationOf(
  wallet: Wallet,
  url: URL,
  chainId: number,
  changeBy?: Purpose['changeBy'],
): Promise<string> {
  return signIn(wallet, url, chainId, Date.now(), { statement: 'A test asks.', ...(changeBy ? { changeBy } : {}) });
}

/** The header of any message, well made or not. */
export async function signedHeader(wallet: Wallet, text: string): Promise<string> {
  return pack(text, await wallet.signMessage(text));
}

export const headerOf = pack;
