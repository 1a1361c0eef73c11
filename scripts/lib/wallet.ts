/** The wallet that a command signs with: from a key file, or a test account of the local network. */
import { readFile } from 'node:fs/promises';
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts';
import { UsageError } from '../command-line.ts';
import { Refusal } from './say.ts';
import type { Wallet } from './sign-in.ts';

export async function readAccount(path: string | undefined, local: string | null): Promise<PrivateKeyAccount> {
  const text = path === undefined ? local : (await readKey(path)).trim();
  if (text === null) throw new UsageError('--key-file is missing');
  if (!/^0x[0-9a-fA-F]{64}$/.test(text)) throw new Refusal(`${path} is no private key: 0x and 64 hex digits`);
  return privateKeyToAccount(text as `0x${string}`);
}

export function walletOf(account: PrivateKeyAccount): Wallet {
  return { address: account.address, signMessage: (message) => account.signMessage({ message }) };
}

async function readKey(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: Error) => {
    throw new Refusal(`${path} cannot be read: ${error.message}`);
  });
}
