/** Recalls: written by an operator, read by everybody. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { desc, eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { canonicalJson } from '../../../core/canonical-json.ts';
import { recalls } from '../../../schema/d1/recalls.ts';

export type RecallRow = typeof recalls.$inferSelect;
export type RecallFacts = Pick<RecallRow, 'device' | 'quantities' | 'fromMs' | 'untilMs' | 'reason'>;

/** The same recall again is the one that stands. */
export async function recordRecall(db: D1Database, facts: RecallFacts, nowMs: number): Promise<RecallRow> {
  const id = bytesToHex(sha256(utf8ToBytes(canonicalJson(facts)))).slice(0, 16);
  await drizzle(db)
    .insert(recalls)
    .values({ id, ...facts, createdMs: nowMs })
    .onConflictDoNothing();
  const rows = await drizzle(db).select().from(recalls).where(eq(recalls.id, id));
  return rows[0] ?? { id, ...facts, createdMs: nowMs };
}

export async function listRecalls(db: D1Database, device: string | null, limit: number): Promise<readonly RecallRow[]> {
  return drizzle(db)
    .select()
    .from(recalls)
    .where(device === null ? undefined : eq(recalls.device, device))
    .orderBy(desc(recalls.createdMs), recalls.id)
    .limit(limit);
}
