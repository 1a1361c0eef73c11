/** A region object whose writes are counted as they are billed: rows of SQL, and one for each alarm set. */
import { DurableObject } from 'cloudflare:workers';
import { packReadings } from '../../core/reading/pack.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import { RegionKeeper } from '../../durable-objects/region/keeper.ts';
import type { Region } from '../../durable-objects/region/region.ts';
import { charterOf, DAY0_MS, HOUR_MS, memberOf, reading } from '../../test/support/region-log.ts';

type Bindings = {
  readonly DB: D1Database;
  readonly ARCHIVE: R2Bucket;
  /** Never asked: there is one region. */
  readonly REGION: DurableObjectNamespace<Region>;
  readonly ROWS: DurableObjectNamespace<CountingRegion>;
};

export class CountingRegion extends DurableObject<Bindings> {
  /** Set by the keeper, never due: its times are those of a day long past or far ahead. */
  override alarm(): void {}

  /** One ordinary hour of a region in which every device posts once. */
  async hour(devices: number): Promise<{ readonly rows: number; readonly batches: number }> {
    let alarms = 0;
    const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
    const { storage } = this.ctx;
    const exec = (query: string, ...bindings: unknown[]) => {
      const cursor = storage.sql.exec(query, ...bindings);
      cursors.push(cursor);
      return cursor;
    };
    const counting = overlay(storage, {
      sql: overlay(storage.sql, { exec }),
      setAlarm: (at: number) => ((alarms += 1), storage.setAlarm(at)),
    });
    const rows = () => cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, alarms);

    const keeper = new RegionKeeper(counting, this.env, 'bench');
    keeper.charter(charterOf(), DAY0_MS);
    for (let slot = 0; slot < devices; slot++) keeper.applyMembership(memberOf(slot), DAY0_MS);
    let before = 0;
    // The first round opens the region and closes its backfill; the second is the ordinary hour.
    for (const hour of [2, 3]) {
      before = rows();
      const startMs = DAY0_MS + hour * HOUR_MS;
      for (let slot = 0; slot < devices; slot++) {
        const readings = packReadings([
          reading('temp', startMs + 1000, 15 + slot / 10),
          reading('temp', startMs + 61_000, 15.5 + slot / 10),
        ]);
        const digest = new Uint8Array(32).fill(hour);
        const evidence = new Uint8Array(300);
        const nonce = hour.toString(16).padStart(16, '0');
        const reply = await keeper.ingest(
          { device: memberOf(slot).device, nonce, digest, readings, evidence },
          startMs + 1_800_000 + slot,
        );
        if (!reply.ok) throw new Error(reply.error.reason);
      }
      const live = DAY0_MS + MAIN_RULES.time.backfillWaitSeconds * 1000;
      await keeper.advance(Math.max(live, startMs + HOUR_MS + 300_000));
    }
    return { rows: rows() - before, batches: devices };
  }
}

/** The target with some members replaced; its methods stay bound to it. */
function overlay<T extends object>(target: T, replaced: object): T {
  return new Proxy(target, {
    get(_, key) {
      if (key in replaced) return Reflect.get(replaced, key);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

export default {
  async fetch(request, env) {
    const devices = Number(new URL(request.url).searchParams.get('devices'));
    return Response.json(await env.ROWS.getByName(`region of ${devices}`).hour(devices));
  },
} satisfies ExportedHandler<Bindings>;
