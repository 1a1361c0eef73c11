/** What a screen reader is told when it changes; countdowns and values are not, they would never be quiet. */
import type { Store } from './store.ts';

export function announcement(store: Store): string {
  if (store.lost !== null) return 'Connection lost, retrying.';
  if (store.updatedMs === null) return '';
  const open = [...store.details.values()].flatMap((region) => region.flags).filter((flag) => flag.end === null).length;
  const newest = store.epochs?.reduce<{ epoch: number; state: string } | null>(
    (a, b) => (a === null || b.epoch > a.epoch ? b : a),
    null,
  );
  const epoch =
    newest === null || newest === undefined ? 'No epoch closed yet.' : `Epoch ${newest.epoch} is ${newest.state}.`;
  return `Connected. ${open} open ${open === 1 ? 'flag' : 'flags'}. ${epoch}`;
}
