/** Judged hours of a region in D1, oldest first. */
import { and, between, eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { regionHours } from '../../../schema/d1/region-hours.ts';
import { regions } from '../../../schema/d1/regions.ts';

export type PublicHour = Pick<typeof regionHours.$inferSelect, 'hour' | 'cells'> & {
  /** Device by slot. */
  readonly slots: readonly string[];
};

export async function readPublicHours(
  db: D1Database,
  cell: string,
  fromHour: number,
  throughHour: number,
): Promise<readonly PublicHour[]> {
  if (throughHour < fromHour) return [];
  const rows = await drizzle(db)
    .select({ hour: regionHours.hour, cells: regionHours.cells, slots: regions.slots })
    .from(regionHours)
    .innerJoin(regions, eq(regions.cell, regionHours.cell))
    .where(and(eq(regionHours.cell, cell), between(regionHours.hour, fromHour, throughHour)))
    .orderBy(regionHours.hour);
  return rows.filter(({ cells }) => cells.length > 0);
}
