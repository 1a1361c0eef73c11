/**
 * A schedule: steps chosen by a seed, each a step of an ordinary day or a fault, then a calm in which everything must come
 * right. The steps are plain values: a schedule can be printed, cut down and run again.
 */
import type { Crash } from './fuse.ts';
import { judge, type Verdict } from './judge.ts';
import { type Network, TAMPERINGS, type Tampering } from './network.ts';
import { type Random, randomOf } from './random.ts';

export type Step =
  | { readonly do: 'tick' }
  | { readonly do: 'mine'; readonly blocks: number; readonly seconds: number }
  | { readonly do: 'crash'; readonly crash: Crash; readonly runs: number }
  | { readonly do: 'overlap'; readonly runs: number; readonly mines: boolean }
  | { readonly do: 'timeout'; readonly at: number; readonly accepted: boolean }
  | { readonly do: 'cut'; readonly fromCall: number }
  | { readonly do: 'drop'; readonly n: number }
  | { readonly do: 'replace'; readonly n: number }
  | { readonly do: 'use-key'; readonly times: number }
  | { readonly do: 'resume'; readonly crash: Crash }
  | { readonly do: 'reorg'; readonly depth: number; readonly keep: boolean }
  | { readonly do: 'chain-down'; readonly hours: number }
  | { readonly do: 'clock'; readonly seconds: number }
  | { readonly do: 'tamper'; readonly n: number; readonly how: Tampering; readonly seconds: number }
  | { readonly do: 'lose-rows' }
  | { readonly do: 'stranger'; readonly n: number }
  | { readonly do: 'fees'; readonly factor: number };

/** What the faults are called in the report. */
export const FAULTS = [
  'crash after a write',
  'overlapping cron runs',
  'time-out before acceptance',
  'time-out after acceptance',
  'chain lost in the middle of a run',
  'transaction dropped',
  'transaction replaced',
  'nonce used elsewhere',
  'reorganization of a commit',
  'reorganization of a batch',
  'chain down for hours',
  'clock jump',
  'report changed after the commit',
  'epoch rows lost',
  'batch minted by a stranger',
  'base fee far above the price',
] as const;
export type Fault = (typeof FAULTS)[number];

export type Run = {
  readonly steps: readonly Step[];
  readonly faults: readonly Fault[];
  readonly verdict: Verdict;
};

/**
 * Every write of the pipeline, from the report to the last mark in the database. The command fails where the code makes
 * one that is not here, and in long runs where nobody died after one.
 */
export const WRITE_KINDS = [
  'd1: UPDATE sale',
  'r2: put usage',
  'r2: put report',
  'd1: INSERT epoch',
  'd1: UPDATE epoch computed',
  'd1: UPDATE epoch committing',
  'd1: UPDATE epoch committed',
  'd1: UPDATE epoch minting',
  'd1: UPDATE epoch minted',
  'd1: UPDATE epoch final',
  'minter: INSERT fact',
  'minter: INSERT fact alarms',
  'minter: INSERT fact balance',
  'minter: INSERT fact first-nonce',
  'minter: INSERT fact last-final',
  'minter: INSERT fact last-poke',
  'minter: INSERT fact waiting',
  'minter: INSERT region_stall',
  'minter: INSERT tx_intent',
  'minter: INSERT tx_attempt',
  'chain: send',
  'minter: UPDATE tx_intent broadcast',
  'minter: UPDATE tx_intent mined',
  'minter: UPDATE tx_intent reverted',
  'minter: UPDATE tx_intent finalized',
  'minter: UPDATE tx_intent void',
] as const;

const LEAST_FAULTS = 3;
/** Enough for every seed so far several times over. */
const MAX_STEPS = 300;
const CALM_ROUNDS = 60;
/** What was sent is final, and the next epoch has matured. */
const FINAL_BLOCKS = 5;
const MATURE_SECONDS = 3 * 3600;
/** The Minter raises a price after three minutes. */
const BUMP_SECONDS = 200;

export async function runSchedule(network: Network, seed: number): Promise<Run> {
  const random = randomOf(seed ^ 0x5eed);
  const planned = LEAST_FAULTS + random.below(5);
  // Some begin when nothing is committed, some when epochs wait or are being paid.
  const begins = random.below(9);
  const next: Step[] = begins === 8 ? tooEarly() : prelude(begins % 4);
  const steps: Step[] = [];
  const faults: Fault[] = [];
  // Every second schedule waits for one kind of write and dies after it, so that rare ones have their turn.
  let target: Crash | null =
    random.below(2) === 0 ? { kind: random.pick(WRITE_KINDS), writes: 1 + random.below(2) } : null;
  while (faults.length < planned && steps.length < MAX_STEPS) {
    const step = aimed(next.shift() ?? chooseStep(random), target);
    steps.push(step);
    // The operator looks after it, sooner or later.
    if (step.do === 'use-key') next.push({ do: 'tick' }, { do: 'resume', crash: chooseCrash(random) });
    const effects = await applyStep(network, step);
    faults.push(...effects);
    if (effects.includes('crash after a write')) target = null;
    if (network.wrongs.length > 0) break;
  }
  return { steps, faults, verdict: await judge(network, await calm(network)) };
}

export async function replay(network: Network, steps: readonly Step[]): Promise<Verdict> {
  for (const step of steps) {
    await applyStep(network, step);
    if (network.wrongs.length > 0) break;
  }
  return await judge(network, await calm(network));
}

const chooseCrash = (random: Random): Crash => ({ kind: null, writes: 1 + random.below(20) });

function aimed(step: Step, target: Crash | null): Step {
  if (target === null) return step;
  if (step.do === 'tick') return { do: 'crash', crash: target, runs: 1 };
  return step.do === 'crash' || step.do === 'resume' ? { ...step, crash: target } : step;
}

/** Commit and mint fall out of their blocks and come back in one: there the mint is too early, and reverts. */
const tooEarly = (): Step[] => [
  { do: 'tick' },
  { do: 'mine', blocks: 1, seconds: 0 },
  { do: 'mine', blocks: 1, seconds: MATURE_SECONDS },
  { do: 'tick' },
  { do: 'mine', blocks: 1, seconds: 0 },
  { do: 'reorg', depth: 3, keep: true },
  { do: 'mine', blocks: 1, seconds: 0 },
  { do: 'tick' },
];

const prelude = (rounds: number): Step[] =>
  Array.from({ length: rounds }, (): Step[] => [
    { do: 'tick' },
    { do: 'mine', blocks: 2, seconds: MATURE_SECONDS },
  ]).flat();

function chooseStep(random: Random): Step {
  const roll = random.below(100);
  if (roll < 22) return { do: 'tick' };
  if (roll < 48)
    return {
      do: 'mine',
      blocks: 1 + random.below(3),
      seconds: random.pick([0, 10, 60, 1800, 3600, MATURE_SECONDS, MATURE_SECONDS]),
    };
  if (roll < 60) return { do: 'crash', crash: chooseCrash(random), runs: 1 + random.below(2) };
  if (roll < 65) return { do: 'overlap', runs: 2 + random.below(3), mines: random.below(2) === 0 };
  if (roll < 71) return { do: 'timeout', at: 1 + random.below(3), accepted: random.below(2) === 0 };
  if (roll < 75) return { do: 'cut', fromCall: 1 + random.below(25) };
  if (roll < 78) return { do: 'drop', n: random.below(8) };
  if (roll < 81) return { do: 'replace', n: random.below(8) };
  if (roll < 82) return { do: 'use-key', times: 1 + random.below(2) };
  if (roll < 89) return { do: 'reorg', depth: 1 + random.below(4), keep: random.below(3) === 0 };
  if (roll < 91) return { do: 'chain-down', hours: 1 + random.below(6) };
  if (roll < 93) return { do: 'clock', seconds: random.pick([-7200, -600, -1, 1, 600, 7200, 90_000]) };
  if (roll < 96)
    return { do: 'tamper', n: random.below(4), how: random.pick(TAMPERINGS), seconds: random.pick([0, 4 * 3600]) };
  if (roll < 97) return { do: 'lose-rows' };
  if (roll < 98) return { do: 'stranger', n: random.below(8) };
  return { do: 'fees', factor: random.pick([2, 20, 1_000_000]) };
}

/** @return the faults that took effect */
async function applyStep(network: Network, step: Step): Promise<readonly Fault[]> {
  const when = (happened: boolean, fault: Fault): readonly Fault[] => (happened ? [fault] : []);
  switch (step.do) {
    case 'tick':
      await network.tick();
      return [];
    case 'mine':
      await network.mine(step.blocks, step.seconds);
      return [];
    case 'crash': {
      const { killed } = await network.tick({ crash: step.crash, runs: step.runs });
      return when(killed > 0, 'crash after a write');
    }
    case 'overlap': {
      const { writes } = await network.tick({ runs: step.runs, mines: step.mines });
      return when(writes > 0, 'overlapping cron runs');
    }
    case 'timeout': {
      const { lost } = await network.tick({ loseSend: step });
      return when(lost > 0, step.accepted ? 'time-out after acceptance' : 'time-out before acceptance');
    }
    case 'cut': {
      const { failed } = await network.tick({ failFrom: step.fromCall });
      return when(failed > 0, 'chain lost in the middle of a run');
    }
    case 'drop':
      return when(await network.drop(step.n), 'transaction dropped');
    case 'replace':
      await network.wait(BUMP_SECONDS);
      await network.tick();
      return when(await network.revive(step.n), 'transaction replaced');
    case 'use-key':
      await network.useKey(step.times);
      await network.mine(1, 0);
      await network.tick();
      return ['nonce used elsewhere'];
    case 'resume':
      await network.mine(FINAL_BLOCKS, 0);
      return when(await network.resume(step.crash), 'crash after a write');
    case 'reorg': {
      const { commits, mints } = await network.reorganize(step.depth, step.keep);
      return [...when(commits > 0, 'reorganization of a commit'), ...when(mints > 0, 'reorganization of a batch')];
    }
    case 'chain-down':
      for (let visit = 0; visit < 2; visit++) {
        await network.wait((step.hours / 2) * 3600);
        await network.tick({ failFrom: 1 });
      }
      return ['chain down for hours'];
    case 'clock': {
      network.skew(step.seconds);
      const { writes } = await network.tick();
      return when(writes > 0, 'clock jump');
    }
    case 'tamper': {
      const changed = await network.tamper(step.n, step.how);
      await network.mine(1, step.seconds);
      await network.tick();
      await network.restore();
      return when(changed, 'report changed after the commit');
    }
    case 'lose-rows':
      await network.loseRows();
      return ['epoch rows lost'];
    case 'stranger':
      return when(await network.mintAsStranger(step.n), 'batch minted by a stranger');
    case 'fees':
      await network.raiseFees(step.factor);
      await network.tick();
      await network.mine(1, BUMP_SECONDS);
      return ['base fee far above the price'];
  }
}

/** Nothing goes wrong any more. False: it did not come to rest. */
async function calm(network: Network): Promise<boolean> {
  network.skew(0);
  await network.restore();
  await network.raiseFees(1);
  for (let round = 0; round < CALM_ROUNDS && network.wrongs.length === 0; round++) {
    await network.tick();
    await network.mine(FINAL_BLOCKS, MATURE_SECONDS);
    const { over, epochs, pending, foreign } = await network.standing();
    if (foreign) await network.resume();
    if (pending > 0 || epochs.length < over || epochs.some(({ state }) => state !== 'final')) continue;
    // Alarms are from before the run that ended their cause.
    await network.tick();
    return true;
  }
  return false;
}
