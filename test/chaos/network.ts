/** What a schedule does to a network, and what it may ask afterwards: the model in this process and anvil both have it. */
import type { Crash } from './fuse.ts';

export type TickFaults = {
  /** Cron runs at once. */
  readonly runs?: number;
  /** Whoever makes that write dies. */
  readonly crash?: Crash;
  /** Which transaction's request times out, and whether the node has taken it by then. */
  readonly loseSend?: { readonly at: number; readonly accepted: boolean };
  /** From this call on the chain does not answer. */
  readonly failFrom?: number;
  /** Blocks come while the cron runs. */
  readonly mines?: boolean;
};

/** How much of it took effect. */
export type TickOutcome = {
  readonly killed: number;
  readonly lost: number;
  readonly failed: number;
  readonly writes: number;
};

export type Dropped = { readonly commits: number; readonly mints: number };

/** `swapped`: another payee. `missing`: from the archive. `row`: archive and database agree on another report than the committed one.
 * `everywhere`: the payout rows are altered, too. */
export const TAMPERINGS = ['missing', 'altered', 'swapped', 'row', 'everywhere'] as const;
export type Tampering = (typeof TAMPERINGS)[number];

export type EpochStanding = {
  readonly epoch: number;
  /** As the database says. */
  readonly state: string;
  readonly reportHash: string;
  readonly root: string;
  /** As the chain says; null: not committed. */
  readonly committed: { readonly root: string; readonly reportHash: string } | null;
};

export type SaleStanding = {
  readonly id: string;
  readonly kind: string;
  readonly usdc: string;
  readonly epoch: number | null;
};

export type Standing = {
  /** Epochs that are over. */
  readonly over: number;
  readonly epochs: readonly EpochStanding[];
  /** The report of each epoch as it was first stored. */
  readonly reports: ReadonlyMap<number, string>;
  /** Payout rows of the database: `epoch owner` to base units. */
  readonly payouts: ReadonlyMap<string, bigint>;
  /** What was sold, and which epoch counts it. */
  readonly sales: readonly SaleStanding[];
  /** Tokens by owner, lower case; USDC under `usdc` and the owner. */
  readonly balances: ReadonlyMap<string, bigint>;
  readonly alarms: readonly string[];
  readonly pending: number;
  /** Whether somebody else used the committer's key in a block that is still there. */
  readonly foreign: boolean;
};

export interface Network {
  tick(faults?: TickFaults): Promise<TickOutcome>;
  /** Time goes on, then blocks come. */
  mine(blocks: number, seconds: number): Promise<void>;
  /** Time goes on without blocks. */
  wait(seconds: number): Promise<void>;
  /** How far the Worker's clock is off. */
  skew(seconds: number): void;
  /** Forgets a waiting transaction. False: none waits. */
  drop(n: number): Promise<boolean>;
  /** Puts the bytes of an earlier price back in place of the newest ones. False: nothing was ever replaced. */
  revive(n: number): Promise<boolean>;
  /** Somebody else uses the committer's next nonces. */
  useKey(times: number): Promise<void>;
  /** The operator goes on after that; true: the object died of the crash given. */
  resume(crash?: Crash): Promise<boolean>;
  reorganize(depth: number, keep: boolean): Promise<Dropped>;
  /** False: no epoch is between commit and mint. */
  tamper(n: number, how: Tampering): Promise<boolean>;
  restore(): Promise<void>;
  /** The database loses what it knew of epochs. */
  loseRows(): Promise<void>;
  /** False: there is nothing to mint. */
  mintAsStranger(n: number): Promise<boolean>;
  raiseFees(factor: number): Promise<void>;
  /** What must never be, as far as it was seen on the way. */
  readonly wrongs: readonly string[];
  standing(): Promise<Standing>;
  close(): void;
}
