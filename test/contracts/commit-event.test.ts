/** The event of a commit, as a chain library encodes it from the contract's ABI. */
import { encodeAbiParameters, encodeEventTopics, type AbiEvent } from 'viem';
import { expect, test } from 'vitest';
import { epochDistributorAbi } from '../../contracts/abi/epoch-distributor.gen.ts';
import { readCommitEvents } from '../../core/proof/chain-event.ts';

const CONTRACT = '0xD1D1D1d1d1D1D1D1D1D1D1D1D1D1d1D1d1D1d1D1';
const TRANSACTION = `0x${'7a'.repeat(32)}`;
const DATA_ROOT = 'c3'.repeat(32);
const word = (byte: string): `0x${string}` => `0x${byte.repeat(32)}`;

const event = epochDistributorAbi.find((item) => item.type === 'event' && item.name === 'Committed') as AbiEvent;
const log = {
  address: CONTRACT,
  topics: encodeEventTopics({
    abi: epochDistributorAbi,
    eventName: 'Committed',
    args: { epoch: 20_605n, root: word('0a') },
  }),
  data: encodeAbiParameters(
    event.inputs.filter(({ indexed }) => indexed !== true),
    [10n ** 20n, 5n, 7n, 2, word('01'), word('02'), `0x${DATA_ROOT}`],
  ),
  blockNumber: '0x10f',
  transactionHash: TRANSACTION,
};
const READ = {
  contract: CONTRACT.toLowerCase(),
  epoch: 20_605,
  dataRoot: DATA_ROOT,
  transaction: TRANSACTION,
  block: 271,
};

test.each([
  ['a log', log],
  ['a list of logs with others among them', [{ ...log, topics: [word('ff')] }, log]],
  ['a receipt', { status: '0x1', logs: [log] }],
  ["a node's answer", { jsonrpc: '2.0', id: 1, result: { logs: [log] } }],
  ['a block number in decimal', { ...log, blockNumber: 271 }],
])('%s is read', (_what, given) => {
  expect(readCommitEvents(given)).toEqual({ ok: true, value: [READ] });
});

test('what a log does not tell is null', () => {
  const { blockNumber: _block, transactionHash: _hash, ...bare } = log;
  expect(readCommitEvents(bare)).toEqual({ ok: true, value: [{ ...READ, transaction: null, block: null }] });
});

test.each([
  ['nothing', null],
  ['another event', { ...log, topics: [word('ff')] }],
  ['data that are cut', { ...log, data: log.data.slice(0, -2) }],
  ['a topic too few', { ...log, topics: log.topics.slice(0, 2) }],
  ['an event that a reorganization took back', { ...log, removed: true }],
])('%s is refused', (_what, given) => {
  expect(readCommitEvents(given)).toMatchObject({ ok: false });
});
