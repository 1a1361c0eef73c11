/** The shop Worker on real workerd, with a database that holds two closed days of two devices. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { unstable_getMiniflareWorkerOptions } from 'wrangler';
import { LOCAL_RULES } from '../../../core/rules/local.ts';
import type { ScoreParts } from '../../../core/region/score.ts';
import { hashRuleSet } from '../../../core/rules/rule-set.ts';
import { epochOf, firstHourOf } from '../../../core/time.ts';
import { freePort } from '../../../scripts/lib/ports.ts';

const CONFIG = 'test/e2e/fixtures/shop.wrangler.toml';
const MIGRATION = 'schema/d1/migrations/0000_initial.sql';

/** A full day that nobody could confirm half of. */
const PARTS: ScoreParts = {
  availabilityBps: 10_000,
  integrityBps: 10_000,
  reliabilityBps: 9000,
  causes: [],
  costs: [['unverified', 1000]],
};

export const CELL = '833900fffffffff';
export const DEVICES = [
  'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
  'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK',
] as const;

export type ShopBindings = {
  readonly RPC_URL: string;
  readonly USDC_ADDRESS: string;
  readonly DISTRIBUTOR_ADDRESS: string;
  readonly SETTLER_PRIVATE_KEY: string;
  /** Of the articles in fixtures/shop.ts. */
  readonly WORKSHOP_URL?: string;
};
export type Shop = Awaited<ReturnType<typeof openShop>>;

export async function bundleShop(): Promise<string> {
  const out = await mkdtemp(join(tmpdir(), 'shop-'));
  try {
    await promisify(execFile)('wrangler', ['deploy', '--dry-run', '--outdir', out, '-c', CONFIG]);
    return await readFile(join(out, 'shop.js'), 'utf8');
  } finally {
    await rm(out, { recursive: true });
  }
}

export async function openShop(contents: string, bindings: ShopBindings, persistTo: string) {
  const { workerOptions } = unstable_getMiniflareWorkerOptions(CONFIG);
  const { modulesRules: _rules, ...rest } = workerOptions;
  // Known before it listens: wallets sign for the host that they ask.
  const port = await freePort();
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port,
      resourcePersistencePath: persistTo,
      workers: [
        {
          ...rest,
          name: 'shop',
          unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
          modulesRoot: '/',
          modules: [{ type: 'ESModule', path: '/shop.js', contents }],
          bindings: {
            RULES: 'local',
            CHAIN_ID: '10',
            AUTHORITIES: `localhost,127.0.0.1:${port}`,
            TOKEN_ADDRESS: `0x${'01'.repeat(20)}`,
            INGEST_TAG_KEY: 'test-only-ingest-tag-key',
            ADMIN_TOKEN: 'test-only-admin-token',
            ...bindings,
          },
        },
      ],
    }),
  );
  const url = String(await runtime.ready).replace(/\/$/, '');
  // No proxy between client and Worker, so that the Worker sees a client that goes away.
  const directUrl = (await runtime.unsafeGetDirectURL('shop')).origin;
  return { runtime, url, directUrl, stop: () => runtime.dispose() };
}

export type Seeded = { readonly fromMs: number; readonly untilMs: number; readonly firstHour: number };

/** pm25 of device 0 is 10.0, 11.0, ... ug/m3 by the hour, the third hour is missing and the fourth suspect; device 1 reads 5. */
export async function seed(shop: Shop): Promise<Seeded> {
  const db = await shop.runtime.getD1Database('DB');
  const migration = await readFile(MIGRATION, 'utf8');
  for (const statement of migration.split('--> statement-breakpoint')) await db.prepare(statement).run();
  const rules = LOCAL_RULES.time;
  const epoch = epochOf(Date.now(), rules) - 1;
  const firstHour = firstHourOf(epoch, rules);
  await db
    .prepare(
      `INSERT INTO region (cell, name, rules, rule_set_hash, boundary, first_hour, closed_through, batches, readings, state_hash, slots)
       VALUES (?, 'Madrid', 'local', ?, '[[-370000,4040000]]', ?, ?, 2, 96, '00', ?)`,
    )
    .bind(CELL, hashRuleSet(LOCAL_RULES), firstHour, firstHour + 24 - 1, JSON.stringify(DEVICES))
    .run();
  for (const [slot, device] of DEVICES.entries()) {
    await db
      .prepare(
        `INSERT INTO device (device, version, cell, status, owner, display_name, place, latitude_e5, longitude_e5, elevation_m, tier, density, claimed_ms)
         VALUES (?, 1, ?, 'active', '0x00000000000000000000000000000000000000aa', ?, '87390ca8cffffff', 4040000, -370000, 650, 0, '87390ca8cffffff', 0)`,
      )
      .bind(device, CELL, `Station ${slot}`)
      .run();
    await db
      .prepare(
        `INSERT INTO device_day (device, epoch, cell, owner, status, tier, density, claimed_ms, score_bps, score30_bps,
           weekly_bps, eligible, parts, series, late, late_series, latitude_e5, longitude_e5)
         SELECT device, ?, cell, owner, status, tier, density, claimed_ms, 9000, 9000, 9000, 1, ?, ?, 0, '[]', latitude_e5, longitude_e5
         FROM device WHERE device = ?`,
      )
      .bind(epoch, JSON.stringify(PARTS), JSON.stringify([{ quantity: 1, hours: hoursOf(slot) }]), device)
      .run();
  }
  const hourMs = rules.hourSeconds * 1000;
  return { fromMs: firstHour * hourMs, untilMs: (firstHour + 24) * hourMs, firstHour };
}

function hoursOf(slot: number): unknown[] {
  return Array.from({ length: 24 }, (_, hour) => {
    if (slot === 1) return [1, 50, 1, 0];
    return hour === 2 ? null : [2, 2 * (100 + 10 * hour), hour === 3 ? 3 : 1, hour === 3 ? 2 : 0];
  });
}
