/**
 * The x402 facilitator, in process. This file alone imports viem and x402; the settler loads it on the first payment, so
 * that no other request pays for evaluating them.
 */
import { x402Facilitator, type PendingSettlementStore } from '@x402/core/facilitator';
import type { PaymentPayload, SettleResponse, VerifyResponse } from '@x402/core/types';
import type { FacilitatorEvmSigner } from '@x402/evm';
import { ExactEvmScheme } from '@x402/evm/exact/facilitator';
import { BlockNotFoundError, concatHex, createClient, encodeFunctionData, http, type Client } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { getBlock, getCode, readContract, verifyTypedData } from 'viem/actions';
import type { PaymentKey, SettlerBindings } from './api.ts';
import { checkSettlerConfig } from './config.ts';
import type { Ledger } from './ledger.ts';
import { logLine } from '../log.ts';
import { Reachability } from './reachability.ts';
import { Sender } from './sender.ts';
import type { TransactionStore } from './transaction-store.ts';

/** Whether an account has code changes rarely; verification asks twice and settlement twice more. */
const CODE_MS = 60_000;
const RPC_TIMEOUT_MS = 5000;
const UNREACHABLE = 'the chain did not answer';

export type MinedBlock = { readonly number: number; readonly hash: string };
export type ChainBlock = MinedBlock & { readonly timestampSeconds: number };

export type ChainView = {
  /** Number of the newest block that no reorganization can undo. */
  readonly finalized: number;
  /** Those asked for that the chain has. */
  readonly blocks: ReadonlyMap<number, ChainBlock>;
};

/** Both throw where the chain did not answer; `settle` only if nothing was sent. */
export type Facilitator = {
  verify(payload: PaymentPayload): Promise<VerifyResponse>;
  /** `block`: of the transaction, where it was mined. */
  settle(payload: PaymentPayload): Promise<SettleResponse & { readonly block: MinedBlock | null }>;
  /** One request, however many blocks are asked for. */
  look(numbers: readonly number[]): Promise<ChainView>;
};

export function createFacilitator(bindings: SettlerBindings, ledger: Ledger, store: TransactionStore): Facilitator {
  const config = checkSettlerConfig(bindings);
  if (!config.ok) {
    const { variable, detail } = config.error;
    // To buyers it looks like a chain that does not answer: nothing is charged, and they may try again.
    logLine({ code: 'settler-misconfigured', variable, detail });
    throw new Error(`${variable} ${detail}`);
  }
  const { chainId, rpcUrl, privateKey } = config.value;
  const account = privateKeyToAccount(privateKey);
  const chain = new Reachability();
  const transport = chain.watch(http(rpcUrl, { timeout: RPC_TIMEOUT_MS, retryCount: 1 }));
  const client = createClient({ transport });
  const sender = new Sender(client, account, chainId, store);
  // What is asked at once goes in one request.
  const watcher = createClient({
    transport: http(rpcUrl, { timeout: RPC_TIMEOUT_MS, retryCount: 1, batch: true }),
  });

  const signer: FacilitatorEvmSigner = {
    getAddresses: () => [account.address],
    readContract: (call) => readContract(client, call),
    verifyTypedData: (typed) => verifyTypedData(client, typed),
    getCode: remember(CODE_MS, (address) => getCode(client, { address })),
    writeContract: ({ address, abi, functionName, args, dataSuffix }) => {
      const data = encodeFunctionData({ abi, functionName, args });
      return sender.send({ to: address, data: dataSuffix ? concatHex([data, dataSuffix]) : data }, paymentOf(args));
    },
    // Only smart wallets that are not deployed yet need it, and their factories are not on our list.
    sendTransaction: () => Promise.reject(new Error('the settler sends nothing but authorized transfers')),
    waitForTransactionReceipt: ({ hash }) => sender.awaitReceipt(hash),
  };
  const scheme = new ExactEvmScheme(signer, { pendingSettlementStore: storedTransactions(ledger, store) });
  const facilitator = new x402Facilitator().register(`eip155:${chainId}`, scheme);
  return {
    async verify(payload) {
      const { failures } = chain;
      const verified = await facilitator.verify(payload, payload.accepted);
      if (!verified.isValid && chain.failures > failures) throw new Error(UNREACHABLE);
      return verified;
    },
    async settle(payload) {
      const { failures } = chain;
      const settled = await facilitator.settle(payload, payload.accepted);
      if (!settled.success && settled.transaction === '' && chain.failures > failures) throw new Error(UNREACHABLE);
      const mined = sender.takeMined(settled.transaction);
      if (!settled.success || mined === null) return { ...settled, block: null };
      const block = { number: Number(mined.blockNumber), hash: mined.blockHash };
      return { ...settled, transaction: mined.transactionHash, block };
    },
    async look(numbers) {
      const [finalized, ...found] = await Promise.all([
        getBlock(watcher, { blockTag: 'finalized' }),
        ...numbers.map((number) => blockAt(watcher, number)),
      ]);
      const blocks = found.flatMap((block) => (block === null ? [] : [[block.number, block] as const]));
      return { finalized: Number(finalized.number), blocks: new Map(blocks) };
    },
  };
}

/** Null: the chain has become shorter. */
async function blockAt(client: Client, number: number): Promise<ChainBlock | null> {
  try {
    const { hash, timestamp } = await getBlock(client, { blockNumber: BigInt(number) });
    return { number, hash, timestampSeconds: Number(timestamp) };
  } catch (error) {
    if (error instanceof BlockNotFoundError) return null;
    throw error;
  }
}

/**
 * x402 asks here whether a payment was broadcast before. The transaction table knows, from before the broadcast on; what
 * x402 would set or delete follows from it.
 */
function storedTransactions(ledger: Ledger, store: TransactionStore): PendingSettlementStore {
  return {
    get: (signature) => {
      const payment = ledger.keyOfSignature(signature);
      return Promise.resolve((payment && store.hashOf(payment)) ?? undefined);
    },
    set: () => Promise.resolve(),
    delete: () => Promise.resolve(),
  };
}

/** transferWithAuthorization(from, to, value, validAfter, validBefore, nonce, ...): EIP-3009. */
function paymentOf(args: readonly unknown[]): PaymentKey {
  return { payer: String(args[0]).toLowerCase(), nonce: String(args[5]).toLowerCase() };
}

type Code = `0x${string}` | undefined;

function remember(
  keepMs: number,
  ask: (address: `0x${string}`) => Promise<Code>,
): (call: { address: `0x${string}` }) => Promise<Code> {
  const known = new Map<string, { readonly code: Promise<Code>; readonly untilMs: number }>();
  return ({ address }) => {
    const nowMs = Date.now();
    for (const [key, entry] of known) if (entry.untilMs <= nowMs) known.delete(key);
    const found = known.get(address);
    if (found) return found.code;
    const code = ask(address);
    known.set(address, { code, untilMs: nowMs + keepMs });
    // A failed question is asked again.
    code.catch(() => known.delete(address));
    return code;
  };
}
