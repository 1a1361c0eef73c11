/**
 * What the registry keeps beside a device's row: the acts behind it, and halves of claims that wait. `waiting_claim` holds
 * exact positions: no public query reads it, and nothing keeps them for longer.
 */
import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Word for word, not a bound value: SQLite takes a partial index only where it sees that the condition is the same. */
export const UNTOLD = sql.raw('told = 0');

export const registryActs = sqliteTable(
  'registry_act',
  {
    hash: text('hash').primaryKey(), // EIP-712 digest, 0x and 64 hex digits
    device: text('device').notNull(),
    successor: text('successor'), // of a rotation
    kind: text('kind', { enum: ['claim', 'relocate', 'maintenance', 'transfer', 'rotate', 'retire'] }).notNull(),
    version: integer('version').notNull(), // of the device, once the act is carried out
    cell: text('cell').notNull(), // the region of the device then
    fromCell: text('from_cell'), // the one it left, of a relocation to another region
    issuedAt: integer('issued_at').notNull(), // unix seconds, as signed
    receivedMs: integer('received_ms').notNull(),
    act: text('act').notNull(), // CBOR in base64 (core/lifecycle/signed-act.ts)
    outcome: text('outcome').notNull(), // JSON: the device's row as it shall be, for an act that was cut off
    told: integer('told', { mode: 'boolean' }).notNull(), // the regions have it in their logs
  },
  (table) => [
    index('registry_act_device').on(table.device),
    index('registry_act_successor').on(table.successor),
    index('registry_act_untold').on(table.receivedMs).where(UNTOLD),
  ],
);

export const waitingClaims = sqliteTable(
  'waiting_claim',
  {
    device: text('device').notNull(),
    code: text('code').notNull(), // of the claim's link; only its maker and the device know it
    hash: text('hash').notNull(), // EIP-712 digest
    act: text('act').notNull(), // JSON as signed
    ownerSignature: text('owner_signature').notNull(), // 0x and 130 hex digits
    position: text('position').notNull(), // JSON
    receivedMs: integer('received_ms').notNull(), // forgotten a day later, or when the device is claimed
  },
  (table) => [
    primaryKey({ columns: [table.device, table.code] }),
    index('waiting_claim_received').on(table.receivedMs),
  ],
);
