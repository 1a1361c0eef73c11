/**
 * What to send next: commits in strict epoch order, each as soon as the one before it is on its way, and mints of what
 * has matured. Pure; the same view gives the same jobs, and work that already has an open intent is never planned again.
 */
import type { Intent, IntentState } from './intent.ts';

export type Job =
  | { readonly kind: 'commit'; readonly epoch: number }
  | { readonly kind: 'mint'; readonly epoch: number; readonly index: number };

type PlannedEpoch = {
  readonly epoch: number;
  readonly batchCount: number;
  /** Unix seconds from which its batches may be minted, as the chain says; null: not committed, or not looked up. */
  readonly maturesAt: number | null;
};

export type PlanView = {
  /** By epoch, oldest first. */
  readonly epochs: readonly PlannedEpoch[];
  readonly intents: readonly Intent[];
  /** Keys of batches that somebody else has minted. */
  readonly minted: ReadonlySet<string>;
  /** As the contract says at `latest`. */
  readonly lastCommitted: number;
  /** Timestamp of the latest block, unix seconds: the contract measures time by blocks. */
  readonly latestSeconds: number;
  readonly epochSeconds: number;
};

/** Sends in one poke. */
export const MAX_SENDS = 8;
/** Nodes keep at least 16 waiting transactions an account (reth `txpool.max-account-slots`). */
const MAX_IN_FLIGHT = 16;

export const jobKey = (job: Job): string =>
  job.kind === 'commit' ? `commit:${job.epoch}` : `mint:${job.epoch}:${job.index}`;

/** The same for people, from a key. */
export function jobName(key: string): string {
  const [kind, epoch, index] = key.split(':');
  return kind === 'commit' ? `commit of epoch ${epoch}` : `mint of batch ${index} of epoch ${epoch}`;
}

export function planJobs(view: PlanView): readonly Job[] {
  const waiting = view.intents.filter((intent) => intent.state === 'signed' || intent.state === 'broadcast').length;
  const budget = Math.max(0, Math.min(MAX_SENDS, MAX_IN_FLIGHT - waiting));
  const mints = mintJobs(view);
  // Neither may starve the other: a commit that cannot be sent must not stop what matured, a long payday not the order.
  const commits = commitJobs(view).slice(0, Math.max(Math.ceil(budget / 2), budget - mints.length));
  return [...commits, ...mints].slice(0, budget);
}

function commitJobs(view: PlanView): readonly Job[] {
  const commits = view.intents.filter((intent) => intent.key.startsWith('commit:') && intent.state !== 'void');
  // Whatever follows a reverted commit reverts, too: wait until it is final, then begin again behind it.
  if (commits.some((intent) => intent.state === 'reverted')) return [];
  // In the chain and not in force: the guardian took it back, or it came between two looks. Nothing fits behind it.
  if (commits.some(({ state, epoch }) => isIn(state) && epoch > view.lastCommitted)) return [];
  const known = new Set(view.epochs.map(({ epoch }) => epoch));
  const jobs: Job[] = [];
  const newest = commits.reduce((highest, { epoch }) => Math.max(highest, epoch), view.lastCommitted);
  // One before them was given up (resume.ts): those on their way will revert, and then all begin again in order.
  const onTheirWay = new Set(commits.map(({ epoch }) => epoch));
  for (let epoch = view.lastCommitted + 1; epoch < newest; epoch++) if (!onTheirWay.has(epoch)) return [];
  for (let epoch = newest + 1; known.has(epoch) && isOver(epoch, view); epoch++) jobs.push({ kind: 'commit', epoch });
  return jobs;
}

function mintJobs(view: PlanView): readonly Job[] {
  const taken = new Set([
    ...view.minted,
    ...view.intents.filter(({ state }) => state !== 'void').map(({ key }) => key),
  ]);
  const jobs: Job[] = [];
  for (const { epoch, batchCount, maturesAt } of view.epochs) {
    if (maturesAt === null || view.latestSeconds < maturesAt) continue;
    for (let index = 0; index < batchCount; index++) {
      const job: Job = { kind: 'mint', epoch, index };
      if (!taken.has(jobKey(job))) jobs.push(job);
    }
  }
  return jobs;
}

const isIn = (state: IntentState): boolean => state === 'mined' || state === 'finalized';

/** The contract refuses an epoch that is not over by its own clock. */
function isOver(epoch: number, view: PlanView): boolean {
  return view.latestSeconds >= (epoch + 1) * view.epochSeconds;
}
