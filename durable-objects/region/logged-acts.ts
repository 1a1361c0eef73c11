/** Which acts a log holds already: of those that change nothing else that could tell. */
import { actText } from '../../core/lifecycle/parse-act.ts';
import { ISSUED_AHEAD_SECONDS, ISSUED_WINDOW_SECONDS } from '../../core/lifecycle/rules.ts';
import { decodeEntry } from '../../core/region/codec.ts';
import type { MaintenanceBody } from '../../core/region/entry.ts';
import type { RegionStore } from './store.ts';

/** An older act is not taken any more. */
const LOOK_BACK_MS = (ISSUED_WINDOW_SECONDS + ISSUED_AHEAD_SECONDS) * 1000;

/** The same words again, whoever has signed them this time. An operator's have no act, and may be said again. */
export function isLogged(store: RegionStore, { act: signed }: MaintenanceBody, nowMs: number): boolean {
  if (signed === undefined) return false;
  const words = actText(signed.act);
  for (const body of store.bodiesSince('maintenance', nowMs - LOOK_BACK_MS)) {
    const entry = decodeEntry({ seq: 0, receivedMs: 0, kind: 'maintenance', body });
    if (!entry.ok || entry.value.kind !== 'maintenance' || entry.value.act === undefined) continue;
    if (actText(entry.value.act.act) === words) return true;
  }
  return false;
}
