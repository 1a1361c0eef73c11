/** One row an epoch: what was computed, committed and minted. The chain is the judge; this row repeats it. */
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

export const EPOCH_STATES = ['computed', 'committing', 'committed', 'minting', 'minted', 'final', 'revoked'] as const;

export const epochs = sqliteTable('epoch', {
  epoch: integer('epoch').primaryKey(),
  state: text('state', { enum: EPOCH_STATES }).notNull(),
  root: text('root').notNull(), // Merkle root of the payout batches, 0x hex
  total: text('total').notNull(), // token base units, decimal
  reserved: text('reserved').notNull(), // token base units kept for regions that closed too late
  usdcTotal: text('usdc_total').notNull(), // USDC base units
  sales: integer('sales').notNull(), // that it split
  usageHash: text('usage_hash').notNull(), // sha-256 of the usage list, hex: R2 key usage/{hash}.json, where there are sales
  recipients: integer('recipients').notNull(),
  devices: integer('devices').notNull(), // device-days with a non-zero weight
  batchCount: integer('batch_count').notNull(),
  reportHash: text('report_hash').notNull(), // sha-256 of the canonical report, hex: R2 key reports/{hash}.json
  ruleSetHash: text('rule_set_hash').notNull(),
  dataRoot: text('data_root').notNull(), // Merkle root over the regions' segments, hex
  computedMs: integer('computed_ms').notNull(),
  commitHash: text('commit_hash'), // transaction
  commitBlock: integer('commit_block'), // null: in no block that we know of
  mintHashes: text('mint_hashes', { mode: 'json' }).$type<readonly string[]>().notNull(),
});

/** One row an owner and epoch. */
export const payouts = sqliteTable(
  'payout',
  {
    epoch: integer('epoch').notNull(),
    owner: text('owner').notNull(),
    amount: text('amount').notNull(), // token base units, decimal
    usdc: text('usdc').notNull(), // USDC base units, decimal
    /** [device, score bps, weight bps, token base units] */
    shares: text('shares', { mode: 'json' }).$type<readonly (readonly [string, number, number, string])[]>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.epoch, table.owner] })],
);
