/**
 * The region object's own tables. The log has one table per hour of arrival, made by durable-objects/region/store.ts as
 * the hours come, so the migrations hold the rest only.
 */
import { blob, integer, sqliteTable } from 'drizzle-orm/sqlite-core';

export const checkpoints = sqliteTable('checkpoint', {
  page: integer('page').primaryKey(),
  version: integer('version').notNull(), // STATE_VERSION of the fold that wrote it
  seq: integer('seq').notNull(), // last entry folded into the state; the same in every page
  body: blob('body', { mode: 'buffer' }).notNull(), // at most 1.9 MB of the state's JSON
});

/** What was told to the regions around (core/region/block.ts): a ring of hours. */
export const blocks = sqliteTable('block', {
  place: integer('place').primaryKey(), // hour modulo the number of hours that are kept
  hour: integer('hour').notNull(),
  body: blob('body', { mode: 'buffer' }).notNull(),
});
