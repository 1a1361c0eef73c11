/**
 * Owners' halves of claims that wait for their devices. Kept by device and code: who does not know the code, which only
 * the claim's link holds, cannot take the place of a half that does; and since none but time takes one away, no number of
 * strangers' halves keeps an owner out. How many come is limited by network address (claim-routes.ts).
 */
import { and, desc, eq, gt, lt } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import type { DeviceId } from '../../core/ids.ts';
import type { ClaimAct, Hex } from '../../core/lifecycle/act.ts';
import { actFields, parseAct } from '../../core/lifecycle/parse-act.ts';
import { parsePosition, type ExactPosition } from '../../core/lifecycle/position.ts';
import { WAITING_SECONDS } from '../../core/lifecycle/rules.ts';
import { waitingClaims } from '../../schema/d1/registry.ts';
import { GUARD, guardValues, type Guard } from './act-store.ts';

export type WaitingClaim = {
  readonly act: ClaimAct;
  readonly hash: Hex;
  /** `0x` and 130 hex digits. */
  readonly ownerSignature: string;
  readonly position: ExactPosition;
  readonly receivedMs: number;
};

export async function keepWaiting(db: D1Database, claim: WaitingClaim): Promise<void> {
  const { act, hash, ownerSignature, position, receivedMs } = claim;
  const { device, code } = act;
  const row = {
    hash,
    act: JSON.stringify(actFields(act)),
    ownerSignature,
    position: JSON.stringify(position),
    receivedMs,
  };
  await drizzle(db)
    .insert(waitingClaims)
    .values({ device, code, ...row })
    .onConflictDoUpdate({ target: [waitingClaims.device, waitingClaims.code], set: row });
}

/** They hold exact positions, so they do not lie about until somebody leaves another half. */
export async function forgetExpired(db: D1Database, nowMs: number): Promise<void> {
  await drizzle(db)
    .delete(waitingClaims)
    .where(lt(waitingClaims.receivedMs, nowMs - WAITING_SECONDS * 1000));
}

/** The newest of the device, or the one with this code. */
export async function findWaiting(
  db: D1Database,
  device: DeviceId,
  code: string | null,
  nowMs: number,
): Promise<WaitingClaim | null> {
  const [row] = await drizzle(db)
    .select()
    .from(waitingClaims)
    .where(
      and(
        eq(waitingClaims.device, device),
        gt(waitingClaims.receivedMs, nowMs - WAITING_SECONDS * 1000),
        ...(code === null ? [] : [eq(waitingClaims.code, code)]),
      ),
    )
    .orderBy(desc(waitingClaims.receivedMs))
    .limit(1);
  if (row === undefined) return null;
  const act = parseAct('claim', JSON.parse(row.act));
  const position = parsePosition(JSON.parse(row.position));
  if (!act.ok || !position.ok) throw new Error(`the half that waits for ${device} is malformed`);
  const { ownerSignature, receivedMs } = row;
  return { act: act.value, hash: row.hash as Hex, ownerSignature, position: position.value, receivedMs };
}

export function dropWaitingStatement(db: D1Database, device: DeviceId, guard: Guard): D1PreparedStatement {
  return db.prepare(`DELETE FROM waiting_claim WHERE device = ? AND ${GUARD}`).bind(device, ...guardValues(guard));
}
