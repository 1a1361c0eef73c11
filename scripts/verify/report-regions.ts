/** Which regions a published report names. The rest of it is not read but recomputed. */
import { z } from 'zod';
import { differs, type Difference } from '../../core/audit/difference.ts';
import { parseRegionCell, type RegionCell } from '../../core/ids.ts';
import { ok, type Result } from '../../core/result.ts';

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

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A SyntaxError: no report.
    return null;
  }
}
