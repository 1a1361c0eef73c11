/** Whether every owner was paid exactly what the reports say, once. */
import type { EpochReport } from '../../core/reward/report.ts';
import type { Network, Standing } from './network.ts';

export type Verdict = {
  /** What is wrong, as sentences; empty: all is well. */
  readonly wrongs: readonly string[];
  /** Owners paid, counted once an epoch. */
  readonly payouts: number;
  /** Owners with more than the reports say, and with less. */
  readonly double: number;
  readonly lost: number;
};

export async function judge(network: Network, cameToRest: boolean): Promise<Verdict> {
  const at = await network.standing();
  const owed = owedBy(at);
  const double = [...at.balances].filter(([owner, paid]) => paid > (owed.get(owner) ?? 0n));
  const lost = [...owed].filter(([owner, amount]) => (at.balances.get(owner) ?? 0n) < amount);
  const wrongs = [
    ...network.wrongs,
    ...double.map(([owner, paid]) => `${owner} was paid ${paid}, owed ${owed.get(owner) ?? 0n}`),
    ...runningWrongs(at, lost, cameToRest),
    ...reportWrongs(at),
    ...salesWrongs(at, cameToRest),
  ];
  return { wrongs, payouts: at.payouts.size, double: double.length, lost: lost.length };
}

function owedBy(at: Standing): ReadonlyMap<string, bigint> {
  const owed = new Map<string, bigint>();
  const add = (owner: string, amount = '0'): void => {
    if (amount !== '0') owed.set(owner, (owed.get(owner) ?? 0n) + BigInt(amount));
  };
  for (const text of at.reports.values())
    for (const { to, amount, usdc } of (JSON.parse(text) as EpochReport).batches)
      for (const [n, owner] of to.entries()) {
        add(owner, amount[n]);
        add(`usdc ${owner}`, usdc[n]);
      }
  return owed;
}

function runningWrongs(
  at: Standing,
  lost: readonly (readonly [string, bigint])[],
  cameToRest: boolean,
): readonly string[] {
  return [
    ...lost.map(([owner, amount]) => `${owner} was paid ${at.balances.get(owner) ?? 0n}, owed ${amount}`),
    ...(cameToRest
      ? []
      : [`it did not come to rest: ${at.epochs.map(({ epoch, state }) => `${epoch} ${state}`).join(', ')}`]),
    ...(at.alarms.length === 0 ? [] : [`alarms stay: ${at.alarms.join(' ')}`]),
  ];
}

/** Each sale is in one epoch, and that epoch pays what its sales cost. */
function salesWrongs(at: Standing, cameToRest: boolean): readonly string[] {
  const open = cameToRest ? at.sales.filter(({ epoch }) => epoch === null) : [];
  const paid = new Map<number | null, bigint>();
  for (const { kind, usdc, epoch } of at.sales)
    if (kind !== 'top-up') paid.set(epoch, (paid.get(epoch) ?? 0n) + BigInt(usdc));
  const wrongs = open.map(({ id }) => `${id} was never counted`);
  for (const { epoch } of at.epochs) {
    const { usdcTotal } = JSON.parse(at.reports.get(epoch) ?? '{"usdcTotal":"0"}') as EpochReport;
    if (cameToRest && BigInt(usdcTotal) !== (paid.get(epoch) ?? 0n))
      wrongs.push(`epoch ${epoch} pays ${usdcTotal} USDC for sales of ${paid.get(epoch) ?? 0n}`);
  }
  return wrongs;
}

/** Report, row, payouts and chain say the same. */
function reportWrongs(at: Standing): readonly string[] {
  const wrongs: string[] = [];
  for (const { epoch, reportHash, root, committed } of at.epochs) {
    const text = at.reports.get(epoch);
    const report = text === undefined ? null : (JSON.parse(text) as EpochReport);
    if (report === null) wrongs.push(`epoch ${epoch} has a row and never had a report`);
    if (report && report.root !== root) wrongs.push(`the row of epoch ${epoch} has another root than its report`);
    if (report && committed && (committed.root !== root || committed.reportHash !== reportHash))
      wrongs.push(`the chain has another epoch ${epoch} than its report`);
    for (const { to, amount } of report?.batches ?? [])
      for (const [n, owner] of to.entries())
        if (at.payouts.get(`${epoch} ${owner}`) !== BigInt(amount[n] ?? 0))
          wrongs.push(`the payout row of ${owner} in epoch ${epoch} is not what the report says`);
  }
  return wrongs;
}
