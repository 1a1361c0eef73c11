/** One row a device, epoch and region (a device that moves has two that day): 24 hourly cells per quantity, the score and its parts. Written once, when the day closes; revised once for late data. */
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

export const deviceDays = sqliteTable(
  'device_day',
  {
    device: text('device').notNull(),
    epoch: integer('epoch').notNull(),
    cell: text('cell').notNull(),
    // The device as its region knew it when the day closed: what is paid follows from the log alone.
    owner: text('owner').notNull(),
    status: text('status', { enum: ['claimed', 'active', 'quarantined', 'retired'] }).notNull(),
    tier: integer('tier').notNull(),
    density: text('density').notNull(),
    claimedMs: integer('claimed_ms').notNull(), // or when it came to its density cell, if that was later
    latitudeE5: integer('latitude_e5').notNull(), // centre of the public place where it stood that day, 1e-5 degrees
    longitudeE5: integer('longitude_e5').notNull(),
    origin: text('origin'), // its first key, where it has another one now
    scoreBps: integer('score_bps').notNull(), // of this day
    score30Bps: integer('score30_bps').notNull(), // exponentially weighted over 30 days
    weeklyBps: integer('weekly_bps').notNull(), // exponentially weighted over about a week
    eligible: integer('eligible', { mode: 'boolean' }).notNull(), // the weekly score lets the device earn
    parts: text('parts', { mode: 'json' }).$type<ScoreParts>().notNull(),
    series: text('series', { mode: 'json' }).$type<readonly DaySeries[]>().notNull(),
    late: integer('late').notNull(), // readings that arrived after their hour's close
    lateSeries: text('late_series', { mode: 'json' }).$type<readonly DaySeries[]>().notNull(), // their cells: sold as late, never scored
  },
  (table) => [primaryKey({ columns: [table.device, table.epoch, table.cell] })],
);

export type ScoreParts = {
  readonly availabilityBps: number;
  readonly integrityBps: number;
  readonly reliabilityBps: number;
  /** Quantity-hours flagged: [code of the test, hours]. */
  readonly causes: readonly (readonly [string, number])[];
  /** What each cause took from 10,000 basis points; adds up to what the score lacks. */
  readonly costs: readonly (readonly [string, number])[];
};

export type DaySeries = {
  readonly quantity: number; // index in the catalogue
  /** 24 cells: [readings, sum in steps, flag, tests bit mask], null: missing. */
  readonly hours: readonly (readonly [number, number, number, number] | null)[];
};
