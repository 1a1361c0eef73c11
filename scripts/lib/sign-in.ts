/** The wallet's side of worker/adapters/sign-in.ts: an EIP-4361 message for one address of the API, signed and packed. */
import { createSiweMessage, generateSiweNonce } from 'viem/siwe';

/** A wallet client of viem, a local account, or whatever else signs personal messages (EIP-191). */
export type Wallet = {
  readonly address: `0x${string}`;
  readonly signMessage: (text: string) => Promise<`0x${string}`>;
};

const VALID_MS = 5 * 60_000;

/** What the person reads who signs, and for a request that changes something its method. */
export type Purpose = { readonly statement: string; readonly changeBy?: 'POST' | 'DELETE' };

/** @return what goes into the Authorization header */
export async function signIn(
  wallet: Wallet,
  url: URL,
  chainId: number,
  nowMs: number,
  { statement, changeBy }: Purpose,
): Promise<string> {
  const text = createSiweMessage({
    address: wallet.address,
    chainId,
    domain: url.host,
    uri: url.origin + url.pathname,
    version: '1',
    nonce: generateSiweNonce(),
    statement,
    ...(changeBy ? { requestId: changeBy } : {}),
    issuedAt: new Date(nowMs),
    expirationTime: new Date(nowMs + VALID_MS),
  });
  return pack(text, await wallet.signMessage(text));
}

export function pack(text: string, signature: string): string {
  return `SIWE ${Buffer.from(text, 'utf8').toString('base64url')}.${signature}`;
}
