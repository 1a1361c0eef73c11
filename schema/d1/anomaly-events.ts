/** A stretch of hours in which one test flagged one quantity of one device. */
import { integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core';

export const anomalyEvents = sqliteTable(
  'anomaly_event',
  {
    device: text('device').notNull(),
    quantity: text('quantity').notNull(), // code
    test: text('test').notNull(), // code of the check
    startHour: integer('start_hour').notNull(),
    endHour: integer('end_hour'), // exclusive; null: goes on
    cell: text('cell').notNull(),
    flag: integer('flag').notNull(), // worst, QARTOD
    severity: real('severity').notNull(), // worst, in times the test's limit
    evidence: text('evidence', { mode: 'json' }).$type<AnomalyEvidence>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.device, table.quantity, table.test, table.startHour] })],
);

export type AnomalyEvidence = {
  /** What was measured, in the quantity's unit (hours for flat runs). */
  readonly measured: number;
  /** The band in which an honest value would lie; null: open end. */
  readonly expected: readonly [number | null, number | null];
  /** Devices that the series was compared with, nearest first, at most 8. */
  readonly against: readonly string[];
};
