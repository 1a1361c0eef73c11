/** Data that was found false after it had been published: by whom it was measured, when, and why. Kept for ever, public. */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

export const recalls = sqliteTable('recall', {
  id: text('id').primaryKey(), // hash of the facts: the same recall twice is one
  device: text('device').notNull(),
  quantities: text('quantities', { mode: 'json' }).$type<readonly number[]>(), // indexes of the catalogue; null: all
  fromMs: integer('from_ms').notNull(),
  untilMs: integer('until_ms').notNull(), // exclusive
  reason: text('reason').notNull(),
  createdMs: integer('created_ms').notNull(),
});
