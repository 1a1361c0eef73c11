/** Cursors of pages on the wire, and the address of the next one. */
import { openCursor, sealCursor } from '../../core/query/cursor.ts';
import type { QueryRefusal } from '../../core/query/errors.ts';
import type { PagePosition } from '../../core/query/plan.ts';
import { err, ok, type Result } from '../../core/result.ts';

/** Where a page begins, and the end that the sequence got with its first page: hours that begin later do not join it. */
export type PageStart = { readonly position: PagePosition; readonly untilHour: number };

/** What is asked for, without the cursor: `path` and canonical query. */
export type Asking = { readonly origin: string; readonly path: string; readonly canonical: string };

export function readCursor(key: string, asking: Asking, cursor: string): Result<PageStart, QueryRefusal> {
  const opened = openCursor(key, subjectOf(asking), cursor);
  if (!opened.ok) return opened;
  const [device, hour, untilHour] = opened.value;
  // Sealed by us, so this is what `nextPage` wrote.
  if (typeof device !== 'string' || typeof hour !== 'number' || typeof untilHour !== 'number')
    return err({ reason: 'bad-cursor' });
  return ok({ position: { device, hour }, untilHour });
}

export function nextPage(key: string, asking: Asking, { position, untilHour }: PageStart): string {
  const cursor = sealCursor(key, subjectOf(asking), [position.device, position.hour, untilHour]);
  return `${asking.origin}${asking.path}?${asking.canonical}&cursor=${cursor}`;
}

function subjectOf({ path, canonical }: Asking): string {
  return `${path}?${canonical}`;
}
