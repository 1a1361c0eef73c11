/**
 * One region: the RPC surface of its log. What is decided here is only the order of entries; every verdict is the
 * fold's (core/region). See durable-objects/region/api.ts for what callers may rely on.
 */
import { DurableObject } from 'cloudflare:workers';
import type { MaintenanceRefusal, RegionRefusal, RowChanged, SuccessionRefusal } from '../../core/errors.ts';
import type { CharterBody, MaintenanceBody, MembershipBody } from '../../core/region/entry.ts';
import type { DeviceId } from '../../core/ids.ts';
import type { Departure } from '../../core/region/state.ts';
import type { Result } from '../../core/result.ts';
import {
  NO_PAST,
  type BlockAnswer,
  type BlockOffer,
  type DevicePast,
  type IngestReply,
  type Observation,
  type ObservationQuery,
  type ReadingsPage,
  type ReadingsQuery,
  type RegionApi,
  type RegionSummary,
  type VerifiedBatch,
} from './api.ts';
import { logLine } from '../log.ts';
import { LiveAudience } from './live.ts';
import { RegionKeeper, type RegionBindings } from './keeper.ts';
import { READER_PATH, Readers } from './readers.ts';

/** D1 or R2 is away: look again after this long. */
const ALARM_RETRY_MS = 15_000;

export class Region extends DurableObject<RegionBindings> implements RegionApi {
  readonly #keeper: RegionKeeper;
  readonly #live: LiveAudience;
  readonly #readers: Readers;

  constructor(ctx: DurableObjectState, env: RegionBindings) {
    super(ctx, env);
    const live = new LiveAudience(ctx);
    const keeper = new RegionKeeper(ctx.storage, env, ctx.id.name ?? '', (message) => live.tell(message));
    this.#live = live;
    this.#readers = new Readers(ctx);
    this.#keeper = keeper;
    // Only after a deploy that changed the fold, in a region that has dropped old hours: requests wait for the archive.
    if (keeper.mustFoldArchive) void ctx.blockConcurrencyWhile(() => keeper.foldWholeLog());
  }

  async ingest(batch: VerifiedBatch): Promise<Result<IngestReply, RegionRefusal>> {
    const reply = await this.#keeper.ingest(batch, Date.now());
    if (reply.ok && reply.value.status === 'accepted') this.#readers.ring(batch.device);
    return reply;
  }

  async charter(charter: CharterBody): Promise<Result<RegionSummary, RegionRefusal>> {
    return this.#keeper.charter(charter, Date.now());
  }

  async applyMembership(membership: MembershipBody, past?: DevicePast): Promise<Result<RegionSummary, RegionRefusal>> {
    return this.#keeper.join(membership, past ?? NO_PAST, Date.now());
  }

  async departure(device: DeviceId): Promise<Departure | null> {
    return this.#keeper.departure(device);
  }

  async maintain(
    maintenance: MaintenanceBody,
    version: number | null,
  ): Promise<Result<RegionSummary, RegionRefusal | MaintenanceRefusal | RowChanged>> {
    return this.#keeper.maintain(maintenance, version, Date.now());
  }

  async admitSuccession(from: DeviceId, isByKeysAlone: boolean): Promise<Result<null, SuccessionRefusal>> {
    return this.#keeper.admitSuccession(from, isByKeysAlone);
  }

  observations(query: ObservationQuery): Promise<readonly Observation[]> {
    return this.#keeper.observations(query);
  }

  async readingsSince(query: ReadingsQuery): Promise<ReadingsPage> {
    // Before the log is read: what comes after this page rings.
    this.#readers.listen(query.reader, query.devices);
    return this.#keeper.readingsSince(query);
  }

  async exchange(hour: number, offer: BlockOffer): Promise<BlockAnswer> {
    const answer = this.#keeper.exchange(hour, offer);
    // The asker gets its answer at once; what its block makes possible here comes after.
    if (this.#keeper.mayJudge(hour)) this.ctx.waitUntil(this.alarm());
    return answer;
  }

  async summary(): Promise<RegionSummary> {
    return this.#keeper.summary();
  }

  advance(): Promise<RegionSummary> {
    return this.#keeper.advance(Date.now());
  }

  refold(): Promise<RegionSummary> {
    return this.#keeper.refold(Date.now());
  }

  /** Upgrades of `GET /v1/regions/{cell}/live`, and of paid streams; the edge lets nothing else through. */
  override async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === READER_PATH)
      return this.#readers.join(searchParams.get('reader') ?? '', searchParams.get('pass') ?? '');
    return this.#live.join(request.headers.get('cf-connecting-ip'), this.#keeper.hello());
  }

  override webSocketMessage(socket: WebSocket): void {
    this.#live.refuse(socket);
  }

  /** An alarm that throws is retried six times and then never again; this one comes back until it succeeds. */
  override async alarm(): Promise<void> {
    try {
      await this.#keeper.advance(Date.now());
    } catch (cause) {
      logLine({ code: 'advance-failed', region: this.ctx.id.name, message: String(cause) });
      await this.ctx.storage.setAlarm(Date.now() + ALARM_RETRY_MS);
    }
  }
}
