/** Downloads the usage lists of all epochs and holds every sale in them against the logs and the chain. */
import { checkPaid, checkUsage, startUsage } from '../../core/audit/check-usage.ts';
import { differs, type Difference } from '../../core/audit/difference.ts';
import type { Sale } from '../../core/reward/sale.ts';
import { hashUsage, type UsageFacts } from '../../core/reward/usage.ts';
import { hashReport } from '../../core/reward/report.ts';
import { ok, type Result } from '../../core/result.ts';
import type { TimeRules } from '../../core/rules/rule-set.ts';
import type { PublicApi } from './api.ts';
import type { Commit, PaymentReader } from './chain.ts';
import type { Progress } from './progress.ts';
import { usageHashIn } from './report-parts.ts';

export type SalesParts = {
  readonly api: PublicApi;
  readonly payments: PaymentReader;
  readonly owners: ReadonlyMap<string, ReadonlySet<string>>;
  readonly rules: TimeRules;
  readonly progress: Progress;
};

export type CheckedUsage = { readonly usage: UsageFacts; readonly usageHash: string | null };
export type CheckedSales = {
  readonly byEpoch: ReadonlyMap<number, CheckedUsage>;
  readonly sales: number;
  readonly paid: number;
  readonly unspent: bigint;
};

/** Lists and payments that are asked for at one time. */
const AT_ONCE = 50;

/** @param commits in the order of epochs, from the first */
export async function checkSales(
  commits: readonly Commit[],
  { api, payments, owners, rules, progress }: SalesParts,
): Promise<Result<CheckedSales, Difference>> {
  const auction = await payments.auction();
  const history = startUsage();
  const byEpoch = new Map<number, CheckedUsage>();
  const paid: { readonly sale: Sale; readonly epoch: number }[] = [];
  for (let from = 0; from < commits.length; from += AT_ONCE) {
    const part = commits.slice(from, from + AT_ONCE);
    const lists = await Promise.all(part.map(({ epoch }) => api.usage(epoch)));
    progress.show(from, commits.length, 'usage lists');
    for (const [n, { epoch, facts: commit }] of part.entries()) {
      const list = lists[n];
      if (list === undefined) continue;
      const checked = checkUsage(list.text, epoch, list.facts, history, { owners, auction, rules });
      if (!checked.ok) return checked;
      const usageHash = list.facts.sales.length === 0 ? null : await reportedHash(api, commit.reportHash.slice(2));
      const hash = hashUsage(list.text);
      if (usageHash !== null && usageHash !== hash) return differs('usage', { epoch, field: 'hash' }, usageHash, hash);
      byEpoch.set(epoch, { usage: list.facts, usageHash });
      paid.push(...list.facts.sales.filter(({ kind }) => kind !== 'credit').map((sale) => ({ sale, epoch })));
    }
  }
  for (let from = 0; from < paid.length; from += AT_ONCE) {
    progress.show(from, paid.length, `sale ${from} of ${paid.length}`);
    const part = paid.slice(from, from + AT_ONCE);
    const found = await Promise.all(part.map(({ sale }) => payments.paid(sale.transaction ?? '')));
    for (const [n, { sale, epoch }] of part.entries()) {
      const checked = checkPaid(sale, found[n] ?? null, payments.distributor, epoch);
      if (!checked.ok) return checked;
    }
  }
  return ok({ byEpoch, sales: history.seen.size, paid: paid.length, unspent: history.unspent });
}

/** According to the report that was committed; null where that is withheld. */
async function reportedHash(api: PublicApi, reportHash: string): Promise<string | null> {
  const report = await api.report(reportHash);
  return report === null || hashReport(report) !== reportHash ? null : usageHashIn(report);
}
