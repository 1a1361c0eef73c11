/**
 * Where a stream stands: for each of its regions the last log entry that was told. It is the id of every event, so a client
 * that comes back says exactly what it has.
 */
import { parseRegionCell, type RegionCell } from '../ids.ts';

export type StreamPosition = ReadonlyMap<RegionCell, number>;

/** `{cell}.{seq}`, by region, joined with a dash. */
export function positionText(position: StreamPosition): string {
  return [...position]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([cell, seq]) => `${cell}.${seq}`)
    .join('-');
}

/** Null where the text is not a position in these regions. */
export function parsePosition(text: string, cells: readonly RegionCell[]): StreamPosition | null {
  const position = new Map<RegionCell, number>();
  for (const item of text.split('-')) {
    const [name = '', digits = '', ...more] = item.split('.');
    const cell = parseRegionCell(name);
    if (!cell.ok || more.length > 0 || !/^\d{1,15}$/.test(digits)) return null;
    if (!cells.includes(cell.value) || position.has(cell.value)) return null;
    position.set(cell.value, Number(digits));
  }
  return position.size === cells.length ? position : null;
}

/** Never before what was bought, whatever the client says: a short stream sells no history. */
export function notBefore(bought: StreamPosition, asked: StreamPosition): StreamPosition {
  return new Map([...bought].map(([cell, seq]) => [cell, Math.max(seq, asked.get(cell) ?? seq)]));
}
