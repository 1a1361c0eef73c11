/**
 * An epoch's rows from the report that was committed. The rows say what the chain was told, so once they are lost they
 * follow from that report alone, and not from what regions have closed since.
 */
import { ok, type Result } from '../result.ts';
import { payoutsOf, type PaidShare } from './batches.ts';
import type { EpochRows } from './compute-epoch.ts';
import { batchesOfReport, type BadReport, type EpochReport, type ReportDevice } from './report.ts';

/** @param root that stands on the chain */
export function rowsOfReport(text: string, reportHash: string, root: string): Result<EpochRows, BadReport> {
  const batches = batchesOfReport(text, reportHash, root);
  if (!batches.ok) return batches;
  // The hash is the committed one, so the text has the shape that encodeReport gave it.
  const report = JSON.parse(text) as EpochReport;
  const shares = [...report.devices, ...report.late.flatMap(({ devices }) => devices)].map(shareOf);
  const usdc = batches.value.flatMap(({ to, usdcAmount }) =>
    to.map((owner, n) => ({ owner, usdc: usdcAmount[n] ?? 0n })),
  );
  return ok({
    epoch: report.epoch,
    root: report.root,
    total: BigInt(report.total),
    reserved: BigInt(report.reserved),
    usdcTotal: BigInt(report.usdcTotal),
    sales: report.usage.sales,
    usageHash: report.usage.hash,
    payouts: payoutsOf(shares, usdc),
    batches: batches.value,
    devices: report.devices.filter(({ weight }) => weight > 0).length,
    dataRoot: report.dataRoot,
    ruleSetHash: report.ruleSetHash,
    reportHash,
  });
}

function shareOf({ device, owner, scoreBps, weight, amount, frozen }: ReportDevice): PaidShare {
  return { device, owner, scoreBps, weight, amount: BigInt(amount), frozen };
}
