/**
 * The acts of devices in D1. An act is written in the transaction that changes the device's row, and only if that change was
 * made: so an act is there exactly when it counts, and is known again when it comes again.
 */
import { and, desc, eq, lt, notInArray, or, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import type { DeviceId, RegionCell } from '../../core/ids.ts';
import type { ActKind, Hex } from '../../core/lifecycle/act.ts';
import { signedActOfText, signedActText, type SignedAct } from '../../core/lifecycle/signed-act.ts';
import type { MembershipBody } from '../../core/region/entry.ts';
import { registryActs, UNTOLD } from '../../schema/d1/registry.ts';
import type { Registration } from '../adapters/d1/devices.ts';

export type RecordedAct = {
  readonly hash: Hex;
  readonly kind: ActKind;
  readonly device: DeviceId;
  readonly successor: DeviceId | null;
  /** Of the device, once the act is carried out. */
  readonly version: number;
  /** Left for `outcome`'s; null: it stayed. */
  readonly fromCell: RegionCell | null;
  readonly receivedMs: number;
  readonly signed: SignedAct;
  /** The device's (of a rotation: the successor's) row as it shall be. */
  readonly outcome: Registration;
  readonly told: boolean;
};

type Row = typeof registryActs.$inferSelect;

export async function findAct(db: D1Database, hash: Hex): Promise<RecordedAct | null> {
  const [row] = await drizzle(db).select().from(registryActs).where(eq(registryActs.hash, hash)).limit(1);
  return row === undefined ? null : fromRow(row);
}

/** Those that are in the logs of all regions concerned, newest first. */
export async function listActs(db: D1Database, device: DeviceId, limit: number): Promise<readonly RecordedAct[]> {
  const rows = await drizzle(db)
    .select()
    .from(registryActs)
    .where(and(or(eq(registryActs.device, device), eq(registryActs.successor, device)), eq(registryActs.told, true)))
    .orderBy(desc(registryActs.receivedMs), desc(registryActs.version))
    .limit(limit);
  return rows.map(fromRow);
}

/** Time of the latest act that changed the device's row, `byOwner`: and that its owner has signed; null: none did. */
export async function latestIssuedAt(db: D1Database, device: DeviceId, byOwner: boolean): Promise<number | null> {
  const { kind, issuedAt, act } = registryActs;
  const ofDevice = or(eq(registryActs.device, device), eq(registryActs.successor, device));
  const orm = drizzle(db);
  const [others, rotations] = await orm.batch([
    orm
      .select({ latest: sql<number | null>`max(${issuedAt})` })
      .from(registryActs)
      .where(and(ofDevice, notInArray(kind, ['maintenance', 'rotate']))),
    // Two at most: to this key, and away from it. Only these may lack the owner.
    orm
      .select({ issuedAt, act })
      .from(registryActs)
      .where(and(ofDevice, eq(kind, 'rotate'))),
  ]);
  const times = rotations.flatMap((row) =>
    byOwner && signedActOfText(row.act).owners.length === 0 ? [] : [row.issuedAt],
  );
  const latest = others[0]?.latest ?? null;
  return latest === null && times.length === 0 ? null : Math.max(latest ?? 0, ...times);
}

/** One that some region may not have heard of; the next act waits for it, so that the logs miss none. */
export async function findUntold(db: D1Database, device: DeviceId): Promise<RecordedAct | null> {
  const [row] = await drizzle(db)
    .select()
    .from(registryActs)
    .where(and(or(eq(registryActs.device, device), eq(registryActs.successor, device)), eq(registryActs.told, false)))
    .orderBy(registryActs.receivedMs)
    .limit(1);
  return row === undefined ? null : fromRow(row);
}

/** In no order, so that those which cannot be told do not stay in front. */
export async function listUntold(db: D1Database, beforeMs: number, limit: number): Promise<readonly RecordedAct[]> {
  const rows = await drizzle(db)
    .select()
    .from(registryActs)
    .where(and(UNTOLD, lt(registryActs.receivedMs, beforeMs)))
    .orderBy(sql`random()`)
    .limit(limit);
  return rows.map(fromRow);
}

/** Condition of what is carried out beside a change: the device's row is at this version, by this act. */
export type Guard = { readonly device: DeviceId; readonly version: number; readonly act: string };

export const GUARD = 'EXISTS (SELECT 1 FROM device WHERE device = ? AND version = ? AND act = ?)';
export const guardValues = ({ device, version, act }: Guard): readonly unknown[] => [device, version, act];

/** `guard` null: in any case. */
export function recordStatement(db: D1Database, act: RecordedAct, guard: Guard | null): D1PreparedStatement {
  const { membership, cell } = act.outcome;
  const { act: _act, ...facts } = membership;
  const values = [
    act.hash,
    act.device,
    act.successor,
    act.kind,
    act.version,
    cell,
    act.fromCell,
    act.signed.act.issuedAt,
    act.receivedMs,
    signedActText(act.signed),
    JSON.stringify(facts),
  ];
  const text =
    'INSERT INTO registry_act (hash, device, successor, kind, version, cell, from_cell, issued_at, received_ms, act, ' +
    `outcome, told) SELECT ${values.map(() => '?').join(', ')}, ${act.told ? 1 : 0} WHERE ${guard === null ? 'true' : GUARD} ` +
    'ON CONFLICT (hash) DO NOTHING';
  return db.prepare(text).bind(...values, ...(guard === null ? [] : guardValues(guard)));
}

export async function markTold(db: D1Database, hash: Hex): Promise<void> {
  await drizzle(db).update(registryActs).set({ told: true }).where(eq(registryActs.hash, hash));
}

/** Written by `recordStatement` only, so the ids in it are what they were. */
function fromRow(row: Row): RecordedAct {
  const signed = signedActOfText(row.act);
  return {
    hash: row.hash as Hex,
    kind: row.kind,
    device: row.device as DeviceId,
    successor: row.successor as DeviceId | null,
    version: row.version,
    fromCell: row.fromCell as RegionCell | null,
    receivedMs: row.receivedMs,
    signed,
    outcome: {
      cell: row.cell as RegionCell,
      membership: { ...(JSON.parse(row.outcome) as MembershipBody), act: signed },
    },
    told: row.told,
  };
}
