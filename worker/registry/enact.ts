/**
 * Carries an act out exactly once: D1 decides, in one transaction with the act itself, then the regions are told. The same
 * act again finds itself and tells whoever has not heard; so a request that was cut off anywhere is repeated, never undone.
 */
import { checkOrder } from '../../core/lifecycle/rules.ts';
import type { Hex } from '../../core/lifecycle/act.ts';
import { signedActText, type SignedAct } from '../../core/lifecycle/signed-act.ts';
import { typedDataOf } from '../../core/lifecycle/typed-data.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { readDevice, replaceStatement, type KnownDevice, type Registration } from '../adapters/d1/devices.ts';
import { registerDevice, tellRegion } from '../adapters/register-device.ts';
import {
  findAct,
  findUntold,
  GUARD,
  guardValues,
  latestIssuedAt,
  recordStatement,
  type Guard,
  type RecordedAct,
} from './act-store.ts';
import type { RegistryBindings } from './env.ts';
import { actHash } from './owner-signature.ts';
import type { RegistryRefusal } from './problems.ts';
import { tellRegions } from './tell-regions.ts';
import { dropWaitingStatement } from './waiting-store.ts';

/** Changes of the same device at the same moment are few. */
const MAX_TRIES = 8;

export type TakenAct = {
  readonly hash: Hex;
  readonly signed: SignedAct;
};

/** What the device's row (of a rotation: the successor's) shall be. */
export type Decide = (current: Registration | null) => Promise<Result<Registration, RegistryRefusal>>;

export type Enacted = { readonly recorded: RecordedAct; readonly isNew: boolean };
type Enacting = Promise<Result<Enacted, RegistryRefusal>>;

export async function enact(bindings: RegistryBindings, taken: TakenAct, decide: Decide, nowMs: number): Enacting {
  const { DB } = bindings;
  const { act } = taken.signed;
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    const known = await findAct(DB, taken.hash);
    if (known !== null) return finish(bindings, known, false);
    const untold = await findUntold(DB, act.device);
    if (untold !== null) {
      const told = await tellRegions(bindings, untold);
      if (!told.ok) return told;
    }
    const current = await readDevice(DB, act.device);
    if (current !== null) {
      // Whatever the region may have missed comes first, the operator's changes too: each act in its log follows from
      // the entry before it.
      const told = await tellRegion(bindings, current, current.past);
      if (!told.ok) return told;
      // The same request at the same moment: had it changed the row since we read that, the row's version would tell us.
      const since = (await findAct(DB, taken.hash)) ?? (await recover(DB, taken.hash, current));
      if (since !== null) return finish(bindings, since, false);
    }
    if (act.kind !== 'maintenance') {
      const isOwners = taken.signed.owners.length > 0;
      // In the row, too, where D1 was lost and only the row came back.
      const last = current?.membership.act;
      const inRow = last !== undefined && (!isOwners || last.owners.length > 0) ? last.act.issuedAt : 0;
      const recorded = await latestIssuedAt(DB, act.device, isOwners);
      const order = checkOrder(act, Math.max(recorded ?? 0, inRow));
      if (!order.ok) return order;
    }
    const decided = await decide(current);
    if (!decided.ok) {
      // The same request, a moment ahead, may be why.
      const since = await findAct(DB, taken.hash);
      return since === null ? decided : await finish(bindings, since, false);
    }
    const recorded = recordOf(taken, current, decided.value, nowMs);
    try {
      const done = await carryOut(bindings, taken, recorded, current, nowMs);
      if (done.ok) return await finish(bindings, recorded, true);
      // Somebody was faster: the next try sees what there is now.
      if (done.error.reason !== 'version-conflict') return done;
    } catch (error) {
      if (!isSuccessorTaken(error)) throw error;
    }
  }
  return err({ reason: 'registry-busy' });
}

/**
 * D1 was lost and refolded: acts are gone but the last of each device, which its log entry holds and its row has again. Null:
 * this is another one.
 */
async function recover(db: D1Database, hash: Hex, current: KnownDevice): Promise<RecordedAct | null> {
  const { act: signed, version } = current.membership;
  if (signed === undefined || actHash(typedDataOf(signed.act, signed.domain)) !== hash) return null;
  const { act } = signed;
  const successor = act.kind === 'rotate' ? act.successor : null;
  const outcome = successor === null ? current : await readDevice(db, successor);
  if (outcome === null) return null;
  const { cell, membership } = outcome;
  const { kind, device, issuedAt } = act;
  const base = { hash, kind, device, successor, version, fromCell: null, signed, outcome: { cell, membership } };
  const recorded: RecordedAct = { ...base, receivedMs: issuedAt * 1000, told: true };
  await recordStatement(db, recorded, null).run();
  return recorded;
}

function recordOf(taken: TakenAct, current: Registration | null, outcome: Registration, nowMs: number): RecordedAct {
  const { act } = taken.signed;
  const base = current?.membership.version ?? 0;
  const isMove = current !== null && current.cell !== outcome.cell;
  const version =
    base + { maintenance: 0, claim: 1, relocate: isMove ? 2 : 1, transfer: 1, rotate: 1, retire: 1 }[act.kind];
  return {
    hash: taken.hash,
    kind: act.kind,
    device: act.device,
    successor: act.kind === 'rotate' ? act.successor : null,
    version,
    fromCell: isMove ? current.cell : null,
    receivedMs: nowMs,
    signed: taken.signed,
    outcome: {
      cell: outcome.cell,
      membership: {
        ...outcome.membership,
        // A successor's row is a new one.
        version: act.kind === 'rotate' ? 1 : version,
        claimedMs: current?.membership.claimedMs ?? nowMs,
        act: taken.signed,
      },
    },
    told: false,
  };
}

async function carryOut(
  bindings: RegistryBindings,
  taken: TakenAct,
  recorded: RecordedAct,
  current: KnownDevice | null,
  nowMs: number,
): Promise<Result<number, RegistryRefusal>> {
  const { DB } = bindings;
  const { act } = taken.signed;
  const base = current?.membership.version ?? 0;
  // Of the first change: the only one, or a move's retirement in the old region.
  const guard: Guard = { device: act.device, version: base + 1, act: signedActText(taken.signed) };
  if (act.kind === 'maintenance') {
    // The region has the last word on a window, so it comes first; said again it changes nothing.
    const told = await tellRegions(bindings, recorded);
    if (told.ok) await recordStatement(DB, { ...recorded, told: true }, null).run();
    return told.ok ? ok(base) : told;
  }
  if (act.kind === 'rotate') return current === null ? conflict() : rotate(DB, recorded, current, guard);
  const beside = act.kind === 'claim' ? [dropWaitingStatement(DB, act.device, guard)] : [];
  return registerDevice(bindings, recorded.outcome, base, nowMs, [recordStatement(DB, recorded, guard), ...beside]);
}

/** Both rows at once: there is no moment at which neither key may post, and none at which both may. */
async function rotate(
  db: D1Database,
  recorded: RecordedAct,
  { membership: old, past }: KnownDevice,
  guard: Guard,
): Promise<Result<number, RegistryRefusal>> {
  const { cell, membership } = recorded.outcome;
  const { successor, signed } = recorded;
  if (successor === null) throw new Error('a rotation names a successor');
  const retired: Registration = {
    cell,
    membership: { ...old, version: old.version + 1, status: 'retired', act: signed },
  };
  // A successor that has a row by now fails as a whole, by its primary key.
  const columns =
    'cell, status, owner, display_name, place, latitude_e5, longitude_e5, elevation_m, tier, density, claimed_ms, act';
  const heir = db
    .prepare(
      `INSERT INTO device (device, version, predecessor, ${columns}) ` +
        `SELECT ?, 1, device, ${columns.replace('status', '?').replace('tier', '?')} FROM device ` +
        `WHERE device = ? AND ${GUARD}`,
    )
    .bind(successor, membership.status, membership.tier, recorded.device, ...guardValues(guard));
  const [written] = await db.batch([
    replaceStatement(db, retired, old.version, past),
    heir,
    recordStatement(db, recorded, guard),
  ]);
  return written?.results.length === 1 ? ok(guard.version) : conflict();
}

function isSuccessorTaken(error: unknown): boolean {
  return String(error).includes('UNIQUE constraint failed: device.device');
}

const conflict = (): Result<never, RegistryRefusal> => err({ reason: 'version-conflict', current: 0 });

async function finish(bindings: RegistryBindings, recorded: RecordedAct, isNew: boolean): Enacting {
  // As written: a window's act may have been recorded by the same request, a moment ahead.
  const known = isNew ? await findAct(bindings.DB, recorded.hash) : recorded;
  if (known === null) throw new Error('an act was carried out and not recorded');
  const told = await tellRegions(bindings, known);
  return told.ok ? ok({ recorded: known, isNew }) : told;
}
