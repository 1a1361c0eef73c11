/** One row a region-hour that holds data: judged cells of the hour, and the evidence sealed at its close. */
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

export const regionHours = sqliteTable(
  'region_hour',
  {
    cell: text('cell').notNull(),
    hour: integer('hour').notNull(), // hour index of the rule set
    // Hours that the readings in the segment were measured in; null where nothing was sealed. Before `cells`: a search reads no further.
    spans: text('spans', { mode: 'json' }).$type<readonly Span[]>(),
    cells: text('cells', { mode: 'json' }).$type<readonly StoredCell[]>().notNull(),
    stateHash: text('state_hash'), // sha-256 of the folded state at this hour's close, hex; null where several hours closed at once
    // Evidence: the log from `fromSeq` to `toSeq`, sealed when this hour closed; null where nothing was sealed.
    segmentKey: text('segment_key'), // R2
    segmentRoot: text('segment_root'), // Merkle root over the entries, hex
    fromSeq: integer('from_seq'),
    toSeq: integer('to_seq'),
  },
  (table) => [primaryKey({ columns: [table.cell, table.hour] })],
);

/** [slot, first hour, last hour], by slot */
type Span = readonly [number, number, number];

/** [slot, quantity index, readings, sum in steps, min, max, flag, tests bit mask] */
export type StoredCell = readonly [number, number, number, number, number, number, number, number];
