/** Whether a log may hold an act here: each once, and in the order in which the registry takes them (lifecycle/rules.ts). */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { DeviceId } from '../ids.ts';
import { actText } from '../lifecycle/parse-act.ts';
import { readSignedAct } from '../lifecycle/read-signed-act.ts';
import { checkOrder } from '../lifecycle/rules.ts';
import type { LogEntry } from '../region/entry.ts';
import { ok, type Result } from '../result.ts';
import { differs, type Difference, type Place } from './difference.ts';

type Latest = { readonly any: number; readonly byOwner: number };

export type ActsSoFar = {
  /** A kind of entry, its device and the digest of its act. */
  readonly logged: Set<string>;
  /** Unix seconds of the latest that changed a row, of a region's devices. */
  readonly latest: Map<DeviceId, Latest>;
};

export function noActs(): ActsSoFar {
  return { logged: new Set(), latest: new Map() };
}

/** Notes it as well. One that cannot be read is checkAct's to find. */
export function checkActOrder({ logged, latest }: ActsSoFar, entry: LogEntry, at: Place): Result<void, Difference> {
  if (!('act' in entry) || entry.act === undefined) return ok(undefined);
  const signed = readSignedAct(entry.act);
  if (signed === null) return ok(undefined);
  const { act, owners } = signed;
  const where = { ...at, device: entry.device };
  const id = `${entry.kind} ${entry.device} ${act.kind} ${digestOf(actText(act))}`;
  if (logged.has(id)) return differs('act', where, `${act.kind} of ${act.issuedAt}`, 'it was carried out before');
  logged.add(id);
  if (act.kind === 'maintenance') return ok(undefined);

  const known = latest.get(act.device);
  const isOwners = owners.length > 0;
  const order = checkOrder(act, (isOwners ? known?.byOwner : known?.any) ?? null);
  if (!order.ok) return differs('act', where, `${act.kind} of ${act.issuedAt}`, `one of ${known?.any} came first`);
  const any = Math.max(act.issuedAt, known?.any ?? 0);
  const byOwner = isOwners ? act.issuedAt : (known?.byOwner ?? 0);
  latest.set(act.device, { any, byOwner });
  // The successor's first act.
  if (act.kind === 'rotate') latest.set(act.successor, { any: act.issuedAt, byOwner: isOwners ? act.issuedAt : 0 });
  return ok(undefined);
}

function digestOf(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}
