/** The catalogue of regions. Its counters are published by the region objects; the edge writes a row only at a charter. */
import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { parseRegionCell, type RegionCell } from '../../../core/ids.ts';
import type { CharterBody } from '../../../core/region/entry.ts';
import type { RegionSummary } from '../../../durable-objects/region/api.ts';
import { regions } from '../../../schema/d1/regions.ts';

export async function recordCharter(db: D1Database, charter: CharterBody, summary: RegionSummary): Promise<void> {
  const described = {
    name: charter.regionName,
    rules: charter.rules,
    ruleSetHash: charter.ruleSetHash,
    boundary: charter.boundary,
  };
  const { firstHour, closedThrough, batches, readings, stateHash } = summary;
  await drizzle(db)
    .insert(regions)
    .values({ cell: charter.cell, ...described, firstHour, closedThrough, batches, readings, stateHash })
    .onConflictDoUpdate({ target: regions.cell, set: described });
}

/** False: there is no such region. */
export async function recordOperator(db: D1Database, cell: RegionCell, operator: string | null): Promise<boolean> {
  const rows = await drizzle(db).update(regions).set({ operator }).where(eq(regions.cell, cell)).returning();
  return rows.length > 0;
}

export async function listRegionCells(db: D1Database): Promise<readonly RegionCell[]> {
  const rows = await drizzle(db).select({ cell: regions.cell }).from(regions);
  return rows.flatMap(({ cell }) => {
    const parsed = parseRegionCell(cell);
    return parsed.ok ? [parsed.value] : [];
  });
}
