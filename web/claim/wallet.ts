/** A wallet in the browser: EIP-1193, found at `window.ethereum` or announced as EIP-6963 says. */
export type Provider = {
  readonly request: (call: { readonly method: string; readonly params?: readonly unknown[] }) => Promise<unknown>;
};

export type Refused = { readonly ok: false; readonly sentence: string };
export type Asked<T> = { readonly ok: true; readonly value: T } | Refused;

export const NO_WALLET =
  'There is no wallet in this browser. Open this link in a browser with a wallet extension, or in the browser inside a wallet ' +
  'app. Without either, the owner’s key signs on the command line: npm run device -- claim --owner-key FILE.';

const announced: Provider[] = [];

/** Wallets answer at once; they may also announce themselves later. */
export function listenForWallets(): void {
  globalThis.addEventListener('eip6963:announceProvider', (event) => {
    const detail: unknown = event instanceof CustomEvent ? event.detail : null;
    if (typeof detail !== 'object' || detail === null || !('provider' in detail)) return;
    if (isProvider(detail.provider)) announced.push(detail.provider);
  });
  globalThis.dispatchEvent(new Event('eip6963:requestProvider'));
}

export function findWallet(): Provider | null {
  const injected: unknown = Reflect.get(globalThis, 'ethereum');
  return isProvider(injected) ? injected : (announced[0] ?? null);
}

/** `isAgain`: the wallet shall ask which account, though it has allowed one before. */
export async function connect(wallet: Provider, isAgain: boolean): Promise<Asked<string>> {
  return withSentence(async () => {
    if (isAgain) await askForPermission(wallet);
    const accounts = await wallet.request({ method: 'eth_requestAccounts' });
    const first: unknown = Array.isArray(accounts) ? accounts[0] : null;
    if (typeof first !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(first))
      return { ok: false, sentence: 'The wallet gave no account. Unlock it and connect again.' };
    return { ok: true, value: first.toLowerCase() };
  });
}

/** EIP-2255; a wallet that does not know it has a list of accounts of its own. */
async function askForPermission(wallet: Provider): Promise<void> {
  try {
    await wallet.request({ method: 'wallet_requestPermissions', params: [{ eth_accounts: {} }] });
  } catch (error) {
    if (codeOf(error) === 4001) throw error;
  }
}

/** A wallet signs typed data only for the chain it is on. */
export async function useChain(wallet: Provider, chainId: number): Promise<Asked<null>> {
  return withSentence(async () => {
    const current = await wallet.request({ method: 'eth_chainId' });
    if (Number(current) === chainId) return { ok: true, value: null };
    try {
      await wallet.request({
        method: 'wallet_switchEthereumChain',
        params: [{ chainId: `0x${chainId.toString(16)}` }],
      });
    } catch (error) {
      // 4902: EIP-3326.
      if (codeOf(error) !== 4902) throw error;
      return { ok: false, sentence: `The wallet does not know chain ${chainId}. Add it there, then sign again.` };
    }
    return { ok: true, value: null };
  });
}

export async function signTypedData(wallet: Provider, owner: string, data: object): Promise<Asked<string>> {
  return withSentence(async () => {
    const signature = await wallet.request({
      method: 'eth_signTypedData_v4',
      params: [owner, JSON.stringify(data)],
    });
    // 65 bytes; a contract's wallet gives what only its contract can check (EIP-1271), which the network does not take.
    if (typeof signature !== 'string' || !/^0x[0-9a-fA-F]{130}$/.test(signature))
      return {
        ok: false,
        sentence: 'This wallet signs for a contract, which cannot own a device. Use an ordinary account.',
      };
    return { ok: true, value: signature.toLowerCase() };
  });
}

async function withSentence<T>(ask: () => Promise<Asked<T>>): Promise<Asked<T>> {
  try {
    return await ask();
  } catch (error) {
    return { ok: false, sentence: sentenceOf(error) };
  }
}

/** Codes of EIP-1193 and, for the pending request, of EIP-1474. */
function sentenceOf(error: unknown): string {
  const code = codeOf(error);
  if (code === 4001) return 'It was declined in the wallet. Nothing was sent.';
  if (code === 4100) return 'The wallet has not allowed this page to use the account. Connect it again.';
  if (code === 4900 || code === 4901) return 'The wallet is not connected to its chain. Try again in a moment.';
  if (code === -32002) return 'The wallet waits for an answer to an earlier question. Open it, answer, and try again.';
  return `The wallet says: ${error instanceof Error ? error.message : messageOf(error)}`;
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
}

function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}

function isProvider(value: unknown): value is Provider {
  return typeof value === 'object' && value !== null && 'request' in value && typeof value.request === 'function';
}
