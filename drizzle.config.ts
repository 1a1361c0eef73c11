import { defineConfig } from 'drizzle-kit';

/** D1. The region object's tables have their own: schema/region/drizzle.config.ts. */
export default defineConfig({
  dialect: 'sqlite',
  schema: [
    './schema/d1/devices.ts',
    './schema/d1/regions.ts',
    './schema/d1/region-hours.ts',
    './schema/d1/device-days.ts',
    './schema/d1/anomaly-events.ts',
    './schema/d1/epochs.ts',
    './schema/d1/sales.ts',
    './schema/d1/recalls.ts',
    './schema/d1/registry.ts',
  ],
  out: './schema/d1/migrations',
  // drizzle-kit would otherwise offer to drop wrangler's own table (cloudflare-docs#31813).
  tablesFilter: ['!d1_migrations'],
});
