import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Intent, IntentState } from './intent.ts';
import { jobKey, MAX_SENDS, planJobs, type PlanView } from './plan.ts';

const DAY = 480;
const epochs = (from: number, count: number, batchCount = 0, maturesAt: number | null = null) =>
  Array.from({ length: count }, (_, n) => ({ epoch: from + n, batchCount, maturesAt }));
const intent = (key: string, state: IntentState): Intent => ({
  nonce: 0,
  key,
  epoch: Number(key.split(':')[1]),
  state,
  blockNumber: null,
});
const view = (more: Partial<PlanView>): PlanView => ({
  epochs: [],
  intents: [],
  minted: new Set(),
  lastCommitted: 9,
  latestSeconds: 1_000_000,
  epochSeconds: DAY,
  ...more,
});
const keys = (given: Partial<PlanView>) => planJobs(view(given)).map(jobKey);

test('a pause of the network is caught up in a pipeline, a bounded number a poke', () => {
  expect(keys({ epochs: epochs(10, 300) })).toEqual([10, 11, 12, 13, 14, 15, 16, 17].map((epoch) => `commit:${epoch}`));
});

test('commits go on behind those on their way, and never jump a missing epoch', () => {
  const intents = [intent('commit:10', 'mined'), intent('commit:11', 'broadcast')];
  expect(keys({ epochs: epochs(10, 3), intents, lastCommitted: 10 })).toEqual(['commit:12']);
  expect(keys({ epochs: epochs(11, 3) })).toEqual([]);
});

test("an epoch that is not over by the chain's own clock is not committed", () => {
  expect(keys({ epochs: epochs(10, 3), latestSeconds: 12 * DAY })).toEqual(['commit:10', 'commit:11']);
});

test('behind a reverted commit nothing is committed until it is final', () => {
  const reverted = [intent('commit:10', 'reverted'), intent('commit:11', 'broadcast')];
  expect(keys({ epochs: epochs(10, 3), intents: reverted })).toEqual([]);
  const final = [intent('commit:10', 'void'), intent('commit:11', 'void')];
  expect(keys({ epochs: epochs(10, 3), intents: final })).toEqual(['commit:10', 'commit:11', 'commit:12']);
});

test('a commit given up before others on their way waits until those have reverted for good', () => {
  const intents = (state: IntentState) => [intent('commit:10', 'void'), intent('commit:11', state)];
  expect(keys({ epochs: epochs(10, 3), intents: intents('broadcast') })).toEqual([]);
  expect(keys({ epochs: epochs(10, 3), intents: intents('void') })).toEqual(['commit:10', 'commit:11', 'commit:12']);
});

test('behind a commit that is in the chain and not in force nothing is committed: the guardian took it back', () => {
  for (const state of ['mined', 'finalized'] as const)
    expect(keys({ epochs: epochs(10, 3), intents: [intent('commit:10', state)] })).toEqual([]);
});

test('commits and mints each get half of a poke when there is more of both', () => {
  const ripe = epochs(9, 1, 40, 1000);
  const commitsAndMints = (given: Partial<PlanView>) => {
    const planned = keys(given);
    return [planned.filter((key) => key.startsWith('commit')).length, planned.length];
  };
  expect(commitsAndMints({ epochs: [...ripe, ...epochs(10, 60)] })).toEqual([4, 8]);
  expect(commitsAndMints({ epochs: [...epochs(9, 1, 1, 1000), ...epochs(10, 60)] })).toEqual([7, 8]);
  expect(commitsAndMints({ epochs: [...ripe, ...epochs(10, 1)] })).toEqual([1, 8]);
});

test('a batch is minted once its commit has matured, and once only', () => {
  const ripe = { epochs: epochs(9, 1, 3, 1060), latestSeconds: 1060 };
  expect(keys({ ...ripe, latestSeconds: 1059 })).toEqual([]);
  expect(keys(ripe)).toEqual(['mint:9:0', 'mint:9:1', 'mint:9:2']);
  const intents = [intent('mint:9:0', 'finalized'), intent('mint:9:1', 'signed'), intent('mint:9:2', 'void')];
  expect(keys({ ...ripe, intents })).toEqual(['mint:9:2']);
});

test('a batch that somebody else minted is left alone', () => {
  const ripe = { epochs: epochs(9, 1, 2, 1060), latestSeconds: 1060 };
  expect(keys({ ...ripe, minted: new Set(['mint:9:0']) })).toEqual(['mint:9:1']);
});

test('whatever is on its way, the same work is never planned twice and the bound holds', () => {
  const anyState = fc.constantFrom<IntentState>('signed', 'broadcast', 'mined', 'reverted', 'finalized');
  fc.assert(
    fc.property(fc.array(anyState, { maxLength: 30 }), fc.nat({ max: 30 }), (states, minted) => {
      const intents = states.map((state, n) => intent(n < minted ? `mint:9:${n}` : `commit:${10 + n}`, state));
      const planned = keys({ epochs: [...epochs(9, 1, 40, 1000), ...epochs(10, 60)], intents });
      expect(planned.length).toBeLessThanOrEqual(MAX_SENDS);
      for (const { key } of intents) expect(planned).not.toContain(key);
    }),
  );
});
