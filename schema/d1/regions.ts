/** One row a region: what the page and the epoch close need to know without waking the object. */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

export const regions = sqliteTable('region', {
  cell: text('cell').primaryKey(), // H3 resolution 3
  name: text('name').notNull(),
  rules: text('rules').notNull(),
  ruleSetHash: text('rule_set_hash').notNull(),
  boundary: text('boundary', { mode: 'json' }).$type<readonly (readonly [number, number])[]>().notNull(), // [lon, lat] 1e-5 degrees
  firstHour: integer('first_hour'), // hour index, null before the first batch
  closedThrough: integer('closed_through'), // last hour published, null before the first
  batches: integer('batches').notNull(),
  readings: integer('readings').notNull(),
  stateHash: text('state_hash').notNull(), // of the state folded up to closedThrough's entry
  slots: text('slots', { mode: 'json' }).$type<readonly string[]>().notNull().default([]), // device by slot: reads the cells of region_hour
  operator: text('operator'), // 0x address, lower case, of who gets the operator's part of sales; null: the treasury does
});
