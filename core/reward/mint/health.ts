/** What an operator has to know of the Minter, as sentences that say what is wrong and what to do. Empty: all is well. */
import { jobName } from './plan.ts';
import type { EpochState } from './epoch-state.ts';
import type { IntentState } from './intent.ts';

/** 0.002 ETH: four transactions at the default fee limit, a thousand commits at 0.005 gwei. */
const LOW_BALANCE_WEI = 2_000_000_000_000_000n;
const STUCK_MS = 10 * 60_000;
/** Past the guardian's time, finality on OP takes 20 to 30 minutes. */
const LATE_MS = 2 * 3_600_000;
/** Six visits of cron on the real network. */
const SILENT_MS = 30 * 60_000;

type OpenIntent = {
  readonly nonce: number;
  readonly key: string;
  readonly state: IntentState;
  /** Since when it has not been in a block. */
  readonly waitsSinceMs: number;
};

type OpenEpoch = {
  readonly epoch: number;
  readonly state: EpochState;
  readonly computedMs: number;
  /** Unix seconds, as the chain says; null: not committed, or not looked up. */
  readonly maturesAt: number | null;
};

export type HealthView = {
  readonly address: string;
  readonly balanceWei: bigint;
  /** By nonce. */
  readonly intents: readonly OpenIntent[];
  /** Oldest first. */
  readonly epochs: readonly OpenEpoch[];
  readonly nowMs: number;
};

export function healthAlarms(view: HealthView): readonly string[] {
  return [...lowBalance(view), ...stuck(view), ...reverted(view), ...overdue(view)];
}

function lowBalance({ address, balanceWei }: HealthView): readonly string[] {
  if (balanceWei >= LOW_BALANCE_WEI) return [];
  return [
    `The committer's key has only ${ethText(balanceWei)} left for gas: send ETH to ${address} before commits and payouts stop.`,
  ];
}

/** The first one is enough: nonces go in order, so the rest waits for it. */
function stuck({ intents, nowMs }: HealthView): readonly string[] {
  const waiting = intents.filter(({ state }) => state === 'signed' || state === 'broadcast');
  const [first] = waiting;
  if (!first || nowMs - first.waitsSinceMs <= STUCK_MS) return [];
  const behind = waiting.length > 1 ? ` ${waiting.length - 1} more wait behind it.` : '';
  return [
    `The ${jobName(first.key)} (nonce ${first.nonce}) has waited for a block for over 10 minutes, though it is sent again at each visit of cron.${behind} ` +
      `Look whether the chain makes blocks, and whether its price is above MAX_TRANSACTION_FEE_WEI.`,
  ];
}

function reverted({ intents }: HealthView): readonly string[] {
  return intents
    .filter(({ state }) => state === 'reverted')
    .map(({ key, nonce }) => `The ${jobName(key)} (nonce ${nonce}) reverted: it is planned again once that is final.`);
}

/** The oldest one is enough: it holds up the others, or is ahead of them. */
function overdue({ epochs, nowMs }: HealthView): readonly string[] {
  const late = epochs.find((epoch) => epoch.state !== 'revoked' && nowMs > dueMs(epoch));
  return late ? [`Epoch ${late.epoch} is overdue: ${overdueText(late)}.`] : [];
}

/** By its own maturity: epochs committed together mature one delay after another. */
function dueMs({ computedMs, maturesAt }: OpenEpoch): number {
  return (maturesAt === null ? computedMs : maturesAt * 1000) + LATE_MS;
}

function overdueText({ state, maturesAt }: OpenEpoch): string {
  if (maturesAt === null) {
    return state === 'computed' || state === 'committing'
      ? 'it was computed over two hours ago, and its commit is not in the chain'
      : 'it was computed over two hours ago, and its commit is not final';
  }
  return state === 'minted'
    ? 'it matured over two hours ago and is paid, but that is not final'
    : 'it matured over two hours ago, and not all of its batches are paid';
}

/** The Minter does nothing by itself: without cron all other alarms stand still, too. */
export function silenceAlarm(lastPokeMs: number | null, nowMs: number): readonly string[] {
  if (lastPokeMs === null || nowMs - lastPokeMs <= SILENT_MS) return [];
  const minutes = Math.floor((nowMs - lastPokeMs) / 60_000);
  return [
    `Cron has not come by for ${minutes} minutes: no epoch closes and nothing is paid. Is the cron Worker running?`,
  ];
}

/** Wei as ETH, to six places, rounded down. */
export function ethText(wei: bigint): string {
  const micro = wei / 1_000_000_000_000n;
  const places = String(micro % 1_000_000n)
    .padStart(6, '0')
    .replace(/0+$/, '');
  return `${micro / 1_000_000n}${places === '' ? '' : `.${places}`} ETH`;
}
