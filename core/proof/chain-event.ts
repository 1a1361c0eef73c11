/**
 * `Committed` events of the EpochDistributor, from logs as a node or a block explorer gives them. All of its fields are
 * static, so the data are seven words (Solidity ABI specification, "Events").
 */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { err, ok, type Result } from '../result.ts';

/** What a chain says. */
export type ChainWord = {
  /** Null: a saved log does not tell. */
  readonly chainId: number | null;
  /** The distributor that the caller trusts, lower case. Null: whichever the proof names; the caller is to look at it. */
  readonly contract: string | null;
  readonly events: readonly CommitEvent[];
};

export type CommitEvent = {
  /** Lower case. Null: not told. */
  readonly contract: string | null;
  readonly epoch: number;
  /** Hex without 0x, as core/reward writes it. */
  readonly dataRoot: string;
  /** Null: not told. */
  readonly transaction: string | null;
  readonly block: number | null;
};

export type BadEvent = { readonly reason: 'bad-event'; readonly detail: string };

const SIGNATURE = 'Committed(uint64,bytes32,uint256,uint256,uint256,uint32,bytes32,bytes32,bytes32)';
export const COMMITTED_TOPIC = `0x${bytesToHex(keccak_256(utf8ToBytes(SIGNATURE)))}`;
const TOPICS = 3;
const DATA_WORDS = 7;
const WORD = 64;

/** Parsed JSON: a log, a list of logs, a receipt, or the answer of a node with one of these as its result. */
export function readCommitEvents(given: unknown): Result<readonly CommitEvent[], BadEvent> {
  const events: CommitEvent[] = [];
  for (const log of logsIn(given)) {
    const topics = Array.isArray(log['topics']) ? (log['topics'] as unknown[]) : [];
    const [topic] = topics;
    if (typeof topic !== 'string' || topic.toLowerCase() !== COMMITTED_TOPIC) continue;
    const event = readEvent(log, topics);
    if (event === null) return err({ reason: 'bad-event', detail: 'a Committed event of another form' });
    events.push(event);
  }
  return events.length > 0 ? ok(events) : err({ reason: 'bad-event', detail: 'no Committed event' });
}

type Fields = Readonly<Record<string, unknown>>;

/** A list of answers with a receipt with a list of logs each. */
const MOST_DEPTH = 8;

function logsIn(given: unknown, depth = 0): readonly Fields[] {
  if (depth > MOST_DEPTH) return [];
  if (Array.isArray(given)) return given.flatMap((one: unknown) => logsIn(one, depth + 1));
  if (typeof given !== 'object' || given === null) return [];
  const fields = given as Fields;
  if ('topics' in fields) return [fields];
  return logsIn(fields['result'] ?? fields['logs'] ?? null, depth + 1);
}

/** Null: not of the form that the contract gives it, or taken back by a reorganization. */
function readEvent(log: Fields, topics: readonly unknown[]): CommitEvent | null {
  const contract = hexOf(log['address'], 40);
  const epoch = hexOf(topics[1], WORD);
  const data = hexOf(log['data'], WORD * DATA_WORDS);
  if (contract === null || epoch === null || data === null || topics.length !== TOPICS || log['removed'] === true)
    return null;
  const transaction = hexOf(log['transactionHash'], WORD);
  return {
    contract: `0x${contract}`,
    epoch: Number(`0x${epoch}`),
    dataRoot: data.slice(WORD * (DATA_WORDS - 1)),
    transaction: transaction === null ? null : `0x${transaction}`,
    block: blockOf(log['blockNumber']),
  };
}

function hexOf(given: unknown, digits: number): string | null {
  if (typeof given !== 'string' || given.length !== digits + 2) return null;
  const hex = given.toLowerCase();
  return /^0x[0-9a-f]*$/.test(hex) ? hex.slice(2) : null;
}

function blockOf(given: unknown): number | null {
  const block = typeof given === 'string' && /^(?:0x[0-9a-f]{1,12}|\d{1,15})$/i.test(given) ? Number(given) : given;
  return Number.isSafeInteger(block) ? Number(block) : null;
}
