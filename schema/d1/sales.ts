/** One row a paid sale, written once by the outbox of whoever was paid; the epoch close marks it with the epoch that counted it. */
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

export const SALE_KINDS = ['x402', 'credit', 'top-up'] as const;

export const sales = sqliteTable(
  'sale',
  {
    id: text('id').primaryKey(), // x402:{payer}:{nonce}, credit:{account}:{n}
    kind: text('kind', { enum: SALE_KINDS }).notNull(),
    usdc: text('usdc').notNull(), // base units, decimal
    /** [device, device-quantity-hours], by device */
    served: text('served', { mode: 'json' }).$type<readonly (readonly [string, number])[]>().notNull(),
    /** [codes of the quantities, from, until in unix milliseconds]; null: hours of no kind that could be recalled */
    bought: text('bought', { mode: 'json' }).$type<readonly [readonly string[], number, number]>(),
    transaction: text('transaction_hash'), // of the settlement; null: a credit
    soldMs: integer('sold_ms').notNull(), // unix milliseconds: block time of the settlement; of a credit: when it was spent
    epoch: integer('epoch'), // that counted it; null: none yet
  },
  (table) => [index('sale_epoch').on(table.epoch, table.soldMs)],
);

/** One row an epoch that has taken its sales: later ones wait for the next, however often it is computed again. */
export const usageCuts = sqliteTable('usage_cut', { epoch: integer('epoch').primaryKey() });
