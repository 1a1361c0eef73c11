/** Forks in the chains of devices, as regions told them. */
import { and, desc, eq, lte } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { deviceForks } from '../../../schema/d1/device-forks.ts';

export type ForkRow = typeof deviceForks.$inferSelect;

const LISTED = 100;

/** Newest first, every word on every fork that holds nothing received after `untilMs`. */
export async function listForks(db: D1Database, device: string, untilMs: number): Promise<readonly ForkRow[]> {
  return drizzle(db)
    .select()
    .from(deviceForks)
    .where(and(eq(deviceForks.device, device), lte(deviceForks.receivedMs, untilMs)))
    .orderBy(desc(deviceForks.receivedMs), desc(deviceForks.hour))
    .limit(LISTED);
}
