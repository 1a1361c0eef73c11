/** Which regions a published report names, and what it hands on. The rest of it is not read but recomputed. */
import { z } from 'zod';
import { differs, type Difference } from '../../core/audit/difference.ts';
import { parseRegionCell, type RegionCell } from '../../core/ids.ts';
import { ok, type Result } from '../../core/result.ts';
import { hashReport } from '../../core/reward/report.ts';
import type { Carry } from '../../core/reward/reserve.ts';

export type ReportRegions = {
  readonly counted: ReadonlySet<RegionCell>;
  readonly missing: readonly { readonly cell: RegionCell; readonly closedThrough: number | null }[];
};

const CELL = z.string().transform((text, context) => {
  const cell = parseRegionCell(text);
  if (cell.ok) return cell.value;
  context.addIssue({ code: 'custom', message: 'no region' });
  return z.NEVER;
});
const REGION = z.object({ cell: CELL, closedThrough: z.number().nullable() });
const REPORT = z.object({ regions: z.array(REGION), missing: z.array(REGION) });

export function parseReportRegions(text: string): Result<ReportRegions, Difference> {
  const report = REPORT.safeParse(parse(text));
  if (!report.success) return differs('report', { field: 'regions' }, 'no list of regions', 'a report');
  const { regions, missing } = report.data;
  return ok({ counted: new Set(regions.map(({ cell }) => cell)), missing });
}

const UNITS = z
  .string()
  .regex(/^\d{1,40}$/)
  .transform(BigInt);
const WEIGHED = z.object({ cell: z.string(), weight: UNITS });
const CARRY = z.object({
  weights: z.array(WEIGHED),
  reserves: z.array(z.object({ epoch: z.number(), cell: z.string(), weight: UNITS, amount: UNITS })),
});

/** What the next epoch starts from. */
export function parseReportCarry(text: string): Result<Carry, Difference> {
  const report = CARRY.safeParse(parse(text));
  if (!report.success) return differs('report', { field: 'reserves' }, 'no list of reserves', 'a report');
  const { weights, reserves } = report.data;
  return ok({
    previous: hashReport(text),
    weights: new Map(weights.map(({ cell, weight }) => [cell, weight])),
    reserves,
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A SyntaxError: no report.
    return null;
  }
}
