/** What a region found of the chain of a device's batches (core/region/chain.ts), one row each time that it said more. */
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

export const deviceForks = sqliteTable(
  'device_fork',
  {
    cell: text('cell').notNull(),
    older: integer('older').notNull(), // entry that began the older line
    seq: integer('seq').notNull(), // entry that began the younger branch
    hour: integer('hour').notNull(), // with the close of which it was told
    device: text('device').notNull(),
    verdict: text('verdict', { enum: ['open', 'conflict', 'both-go-on', 'ended'] }).notNull(),
    receivedMs: integer('received_ms').notNull(), // newest batch in it: public after the delay
    branches: text('branches', { mode: 'json' }).$type<readonly (readonly number[])[]>().notNull(), // entries
    proof: text('proof').notNull(), // R2 key
  },
  (table) => [
    primaryKey({ columns: [table.cell, table.older, table.seq, table.hour] }),
    index('fork_device').on(table.device),
  ],
);
