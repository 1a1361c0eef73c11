/** What the notifier reads from D1. A closed hour is read once, whoever watches it. */
import { quantityByCode } from '../../core/reading/quantity.ts';
import type { JudgedHour } from '../../core/webhook/crossing.ts';
import type { Purchase, Recall } from '../../core/webhook/recall.ts';
import type { StoredCell } from '../../schema/d1/region-hours.ts';

export type RegionProgress = {
  readonly cell: string;
  /** Null: it has not begun. */
  readonly firstHour: number | null;
  readonly closedThrough: number | null;
  /** Device by slot. */
  readonly slots: readonly string[];
};

export type ClosedHour = { readonly hour: number; readonly cells: readonly JudgedHour[] };

/** The regions that devices belong to now. */
export async function readCells(db: D1Database, devices: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (devices.length === 0) return new Map();
  const { results } = await db
    .prepare('SELECT device, cell FROM device WHERE device IN (SELECT value FROM json_each(?))')
    .bind(JSON.stringify(devices))
    .all<{ device: string; cell: string }>();
  return new Map(results.map(({ device, cell }) => [device, cell]));
}

export async function readProgress(db: D1Database, cells: readonly string[]): Promise<readonly RegionProgress[]> {
  if (cells.length === 0) return [];
  const { results } = await db
    .prepare(
      'SELECT cell, first_hour, closed_through, slots FROM region WHERE cell IN (SELECT value FROM json_each(?))',
    )
    .bind(JSON.stringify(cells))
    .all<{ cell: string; first_hour: number | null; closed_through: number | null; slots: string }>();
  return results.map((row) => ({
    cell: row.cell,
    firstHour: row.first_hour,
    closedThrough: row.closed_through,
    slots: JSON.parse(row.slots) as readonly string[],
  }));
}

/** Hours from `afterHour` on, exclusive, to `throughHour`; those without data have no row. */
export async function readHours(
  db: D1Database,
  { cell, slots }: RegionProgress,
  afterHour: number,
  throughHour: number,
): Promise<readonly ClosedHour[]> {
  const { results } = await db
    .prepare('SELECT hour, cells FROM region_hour WHERE cell = ? AND hour > ? AND hour <= ? ORDER BY hour')
    .bind(cell, afterHour, throughHour)
    .all<{ hour: number; cells: string }>();
  return results.map((row) => ({
    hour: row.hour,
    cells: (JSON.parse(row.cells) as readonly StoredCell[]).map(([slot, quantity, count, sumSteps, , , flag]) => ({
      device: slots[slot] ?? '',
      quantity,
      count,
      sumSteps,
      flag,
    })),
  }));
}

type SaleRow = { readonly id: string; readonly sold_ms: number; readonly served: string; readonly bought: string };

/** What an address bought since then, by payment and by credits, where the sale says which hours it was about. */
export async function readPurchases(db: D1Database, buyer: string, sinceMs: number): Promise<readonly Purchase[]> {
  const ranges = [`x402:${buyer}:`, `credit:${buyer}:`].map((prefix) =>
    // The primary key is the table, so a prefix is a range of it; ';' follows ':'.
    db
      .prepare(
        `SELECT id, sold_ms, served, bought FROM sale
         WHERE id >= ?1 AND id < ?2 AND sold_ms >= ?3 AND bought IS NOT NULL ORDER BY sold_ms`,
      )
      .bind(prefix, `${prefix.slice(0, -1)};`, sinceMs),
  );
  const found = await db.batch<SaleRow>(ranges);
  return found.flatMap(({ results }) => results).map(toPurchase);
}

function toPurchase({ id, sold_ms: soldMs, served, bought }: SaleRow): Purchase {
  const units = JSON.parse(served) as readonly (readonly [string, number])[];
  const [codes, fromMs, untilMs] = JSON.parse(bought) as readonly [readonly string[], number, number];
  return {
    sale: id,
    soldMs,
    devices: units.map(([device]) => device),
    quantities: codes.flatMap((code) => quantityByCode(code)?.index ?? []),
    fromMs,
    untilMs,
  };
}

type RecallRow = {
  readonly id: string;
  readonly device: string;
  readonly quantities: string | null;
  readonly from_ms: number;
  readonly until_ms: number;
  readonly reason: string;
  readonly created_ms: number;
};

export async function readRecalls(db: D1Database, sinceMs: number): Promise<readonly Recall[]> {
  const { results } = await db
    .prepare('SELECT id, device, quantities, from_ms, until_ms, reason, created_ms FROM recall WHERE created_ms >= ?')
    .bind(sinceMs)
    .all<RecallRow>();
  return results.map((row) => ({
    id: row.id,
    device: row.device,
    quantities: row.quantities === null ? null : (JSON.parse(row.quantities) as readonly number[]),
    fromMs: row.from_ms,
    untilMs: row.until_ms,
    reason: row.reason,
    createdMs: row.created_ms,
  }));
}
