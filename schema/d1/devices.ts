/** Who may post, and where. The row is the registry's word; the region's membership entry repeats it under `version`. */
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

export const devices = sqliteTable(
  'device',
  {
    device: text('device').primaryKey(), // did:key
    version: integer('version').notNull(), // compare-and-set
    cell: text('cell').notNull(), // region that owns the device, H3 resolution 3
    status: text('status', { enum: ['claimed', 'active', 'quarantined', 'retired'] }).notNull(),
    owner: text('owner').notNull(), // 0x address, lower case
    displayName: text('display_name').notNull(),
    place: text('place').notNull(), // H3 resolution 7
    latitudeE5: integer('latitude_e5').notNull(), // centre of place, 1e-5 degrees
    longitudeE5: integer('longitude_e5').notNull(),
    elevationM: integer('elevation_m'), // rounded to 10 m
    tier: integer('tier').notNull(),
    density: text('density').notNull(), // H3 resolution 7
    claimedMs: integer('claimed_ms').notNull(), // unix milliseconds
    act: text('act'), // what brought this version about, CBOR in base64 (core/lifecycle/signed-act.ts); null: the operator's word
    predecessor: text('predecessor'), // key that this one succeeds
    cameFrom: text('came_from'), // region that owned the device before this one
  },
  // Queries for an area read what lies in it, not the whole registry.
  (table) => [
    index('device_cell').on(table.cell),
    index('device_place').on(table.place),
    index('device_latitude').on(table.latitudeE5),
    // From a key to the one that succeeded it.
    index('device_predecessor').on(table.predecessor),
  ],
);
