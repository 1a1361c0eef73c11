/** What a node says about the commits that a proof names: their events, and whether they are still in force. */
import { BaseError, createPublicClient, http, TransactionReceiptNotFoundError, type PublicClient } from 'viem';
import { epochDistributorAbi } from '../../contracts/abi/epoch-distributor.gen.ts';
import { readCommitEvents, type ChainWord, type CommitEvent } from '../../core/proof/chain-event.ts';
import type { Proof, ProvenCommit } from '../../core/proof/format.ts';
import { Refusal } from '../lib/say.ts';
import { blockAt, readInParts } from './logs.ts';

type Hex = `0x${string}`;

/** Events of epochs whose commit is in force; one that was revoked is left out. */
export async function askChain(rpc: string, { commits }: Proof, contract: string | null): Promise<ChainWord> {
  const client = createPublicClient({
    cacheTime: 0,
    transport: http(rpc, { retryCount: 1, timeout: 15_000 }),
  });
  try {
    const events: CommitEvent[] = [];
    for (const commit of commits) events.push(...(await eventsOf(client, commit)));
    return { chainId: await client.getChainId(), contract, events };
  } catch (error) {
    if (!(error instanceof BaseError)) throw error;
    // The path and query of an RPC address may hold a key: only the origin is printed.
    const why = error.shortMessage.split('\n')[0] ?? '';
    throw new Refusal(`the chain does not answer at ${new URL(rpc).origin}: ${why} Is --rpc right?`);
  }
}

async function eventsOf(client: PublicClient, commit: ProvenCommit): Promise<readonly CommitEvent[]> {
  const distributor = { address: commit.contract as Hex, abi: epochDistributorAbi } as const;
  const args = [BigInt(commit.epoch)] as const;
  if ((await client.getCode({ address: distributor.address })) === undefined) return [];
  const { maturesAt } = await client.readContract({ ...distributor, functionName: 'epochs', args });
  if (maturesAt === 0n) return [];
  const found = await receiptEvents(client, commit);
  const epochSeconds = await client.readContract({ ...distributor, functionName: 'epochSeconds' });
  const from =
    found === null ? await blockAt(client, (commit.epoch + 1) * Number(epochSeconds)) : BigInt(found.block ?? 0);
  // Once it has matured nothing can be revoked, and so nothing be committed anew.
  const until = await blockAt(client, Number(maturesAt));
  const logs = await readInParts(from, until, (fromBlock, toBlock) =>
    client.getContractEvents({
      ...distributor,
      eventName: 'Committed',
      args: { epoch: args[0] },
      fromBlock,
      toBlock,
    }),
  );
  // The one in force is the last.
  const plain = logs.slice(-1).map((log) => ({ ...log, args: null, blockNumber: Number(log.blockNumber) }));
  const events = readCommitEvents(plain);
  return events.ok ? events.value : [];
}

/** Null: the proof names no transaction, or the chain has none of this name. */
async function receiptEvents(client: PublicClient, { transaction, epoch, contract }: ProvenCommit) {
  if (transaction === null) return null;
  const receipt = await client.getTransactionReceipt({ hash: transaction as Hex }).catch((error: unknown) => {
    if (error instanceof TransactionReceiptNotFoundError) return null;
    throw error;
  });
  const events = readCommitEvents(
    receipt?.logs.map((log) => ({ ...log, blockNumber: Number(log.blockNumber) })) ?? null,
  );
  return (events.ok ? events.value : []).find((one) => one.epoch === epoch && one.contract === contract) ?? null;
}
