/**
 * Bindings for tests of the edge alone. The region is a stand-in that records what reaches it and knows the rule for
 * repeated batches; the real one is tested in test/workerd. D1 and R2 are the real ones of Miniflare where a test asks.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import type { RegionRefusal } from '../../core/errors.ts';
import type { DeviceId, RegionCell } from '../../core/ids.ts';
import type { CharterBody, MaintenanceBody, MembershipBody } from '../../core/region/entry.ts';
import type { Receipt } from '../../core/region/receipt.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type {
  BlockAnswer,
  IngestReply,
  ReadingsPage,
  RegionApi,
  RegionSummary,
  VerifiedBatch,
} from '../../durable-objects/region/api.ts';
import type { EdgeBindings } from '../../worker/env.ts';
import { TEST_BINDINGS } from '../workerd/bindings.ts';

export const ORIGIN = 'https://isobar.test';
export const CELL = '831fb4fffffffff' as RegionCell;
export const OTHER_CELL = '831fb0fffffffff' as RegionCell;

export class StandInRegion implements RegionApi {
  readonly cell: string;
  readonly batches: VerifiedBatch[] = [];
  readonly memberships: MembershipBody[] = [];
  readonly charters: CharterBody[] = [];
  readonly maintenances: MaintenanceBody[] = [];
  refolds = 0;
  refusal: RegionRefusal | null = null;
  /** Thrown once by the next call, as the runtime throws. */
  failure: Error | null = null;

  constructor(cell: string) {
    this.cell = cell;
  }

  async ingest(batch: VerifiedBatch): Promise<Result<IngestReply, RegionRefusal>> {
    this.#fail();
    if (this.refusal) return err(this.refusal);
    const same = this.batches.find((known) => known.device === batch.device && known.nonce === batch.nonce);
    if (same && Buffer.compare(same.digest, batch.digest) !== 0)
      return err({ reason: 'nonce-reused', nonce: batch.nonce });
    if (!same) this.batches.push(batch);
    return ok({ status: same ? 'repeated' : 'accepted', receipt: this.#receipt(batch.device) });
  }

  async charter(charter: CharterBody) {
    this.charters.push(charter);
    return ok(await this.summary());
  }

  async applyMembership(membership: MembershipBody): Promise<Result<RegionSummary, RegionRefusal>> {
    this.#fail();
    if (this.refusal) return err(this.refusal);
    this.memberships.push(membership);
    return ok(await this.summary());
  }

  async exchange(): Promise<BlockAnswer> {
    return { status: 'never' };
  }

  async departure() {
    return null;
  }

  async maintain(maintenance: MaintenanceBody) {
    this.maintenances.push(maintenance);
    return ok(await this.summary());
  }

  async admitSuccession() {
    return ok(null);
  }

  async observations() {
    return [];
  }

  async readingsSince(): Promise<ReadingsPage> {
    return { firstSeq: 1, throughSeq: 0, headSeq: 0, batches: [] };
  }

  async summary(): Promise<RegionSummary> {
    const { cell, batches, memberships } = this;
    return {
      cell,
      name: 'Stand-in',
      seq: 0,
      devices: memberships.length,
      firstHour: null,
      closedThrough: null,
      batches: batches.length,
      readings: 0,
      stateHash: '',
      publishedSeq: 0,
    };
  }

  advance() {
    return this.summary();
  }

  async refold() {
    this.#fail();
    this.refolds += 1;
    return this.summary();
  }

  #fail(): void {
    const { failure } = this;
    this.failure = null;
    if (failure) throw failure;
  }

  #receipt(device: DeviceId): Receipt {
    return {
      receipt: `${this.cell}-1`,
      device,
      region: this.cell as RegionCell,
      received: '2026-11-22T12:00:00.000Z',
      readings: { accepted: 1, duplicate: 0, late: 0, refused: [] },
      flags: [],
      provisional: [],
      next: { interval: 300 },
    };
  }
}

export type EdgeEnv = { readonly env: EdgeBindings; region(cell: string): StandInRegion };

/** Without stores: enough for ingest and check, which must not touch D1 or R2. */
export function edgeEnv(stores: Partial<Pick<EdgeBindings, 'DB' | 'ARCHIVE'>> = {}): EdgeEnv {
  const regions = new Map<string, StandInRegion>();
  const region = (cell: string): StandInRegion => {
    const known = regions.get(cell) ?? new StandInRegion(cell);
    regions.set(cell, known);
    return known;
  };
  return { env: { ...TEST_BINDINGS, ...stores, REGION: { getByName: region } } as unknown as EdgeBindings, region };
}

/** D1 with the project's migrations, and R2, both in memory. */
export async function edgeStores(): Promise<{
  readonly DB: D1Database;
  readonly ARCHIVE: R2Bucket;
  stop(): Promise<void>;
}> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: 'export default {}',
      compatibilityDate: '2026-10-01',
      d1Databases: ['DB'],
      r2Buckets: ['ARCHIVE'],
    }),
  );
  const DB = await miniflare.getD1Database('DB');
  const ARCHIVE = (await miniflare.getR2Bucket('ARCHIVE')) as unknown as R2Bucket;
  const folder = join(import.meta.dirname, '../../schema/d1/migrations');
  const journal = JSON.parse(readFileSync(join(folder, 'meta/_journal.json'), 'utf8')) as {
    entries: readonly { tag: string }[];
  };
  for (const { tag } of journal.entries) {
    const sql = readFileSync(join(folder, `${tag}.sql`), 'utf8');
    for (const statement of sql.split('--> statement-breakpoint')) await DB.prepare(statement).run();
  }
  return { DB, ARCHIVE, stop: () => miniflare.dispose() };
}
