/**
 * Keeps one region's log and its folded state together. Every change goes: decide, append and fold in one turn (storage
 * commits what one turn writes as one), answer. Whatever fails in between, memory is thrown away and folded again.
 */
import { admit } from '../../core/region/decide.ts';
import { statusOf } from '../../core/region/chain.ts';
import { makeBlock } from '../../core/region/block.ts';
import { blockDeadlineMs, dueHour, nextDueMs, nextHour, openHour, whyNoBlock } from '../../core/region/due.ts';
import type { CharterBody, EntryBody, LogEntry, MaintenanceBody, MembershipBody } from '../../core/region/entry.ts';
import { charterFacts } from '../../core/region/facts.ts';
import { chooseBlocks } from '../../core/region/foreign.ts';
import { mayBring } from '../../core/region/hand-over.ts';
import { admitMaintenance } from '../../core/region/maintenance.ts';
import { admitSuccession } from '../../core/region/succession.ts';
import { encodeState, type Departure, type DeviceState } from '../../core/region/state.ts';
import type { Receipt } from '../../core/region/receipt.ts';
import type { MaintenanceRefusal, RegionRefusal, RowChanged, SuccessionRefusal } from '../../core/errors.ts';
import type { DeviceId, RegionCell } from '../../core/ids.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { BatchEffect } from '../../core/region/apply-batch.ts';
import { migrateRegion } from '../../schema/region/migrate.ts';
import type { LiveMessage } from '../../schema/api/live.ts';
import type {
  BlockAnswer,
  BlockOffer,
  DevicePast,
  IngestReply,
  Observation,
  ObservationQuery,
  ReadingsPage,
  ReadingsQuery,
  RegionSummary,
  VerifiedBatch,
} from './api.ts';
import { archivedKeys, readSegment } from './archive.ts';
import { Exchange, type ExchangeBindings } from './exchange.ts';
import { RegionMemory } from './memory.ts';
import { closedOf, helloOf } from './live.ts';
import { isLogged } from './logged-acts.ts';
import { observe } from './observe.ts';
import { readingsSince } from './readings-since.ts';
import { membershipRows, publish, type Stores } from './publish.ts';
import { quarantineClones } from './quarantine.ts';
import { buildReceipt, repeatReceipt } from './receipt.ts';
import { readMembership, readRotation } from './registry.ts';
import { RegionStore } from './store.ts';
import { regionStub } from '../stub.ts';
import { Turns } from '../turns.ts';

export type RegionBindings = ExchangeBindings & { readonly ARCHIVE: R2Bucket };

/** A checkpoint at least this often, so that the tail to fold after a wake stays below a second of work. */
const CHECKPOINT_ENTRIES = 5000;

export class RegionKeeper {
  readonly #cell: string;
  readonly #storage: DurableObjectStorage;
  readonly #stores: Stores;
  readonly #regions: RegionBindings['REGION'];
  readonly #store: RegionStore;
  readonly #exchange: Exchange;
  readonly #tell: (message: LiveMessage) => void;
  #memory: RegionMemory | null = null;
  #checkpointSeq = 0;
  #advancing: Promise<RegionSummary> | null = null;
  /** A block came while an advance was under way. */
  #isNudged = false;
  /** Advance and refold await D1 and R2; they go one after the other. */
  readonly #turns = new Turns();

  /** `cell` names the object; it says where a batch went that came before the charter. `tell` hears of each close. */
  constructor(
    storage: DurableObjectStorage,
    bindings: RegionBindings,
    cell: string,
    tell: (message: LiveMessage) => void = () => {},
  ) {
    this.#tell = tell;
    this.#cell = cell;
    this.#storage = storage;
    this.#regions = bindings.REGION;
    this.#stores = { db: bindings.DB, archive: bindings.ARCHIVE };
    migrateRegion(storage.sql);
    this.#store = new RegionStore(storage.sql);
    this.#exchange = new Exchange(bindings);
  }

  async ingest(batch: VerifiedBatch, nowMs: number): Promise<Result<IngestReply, RegionRefusal>> {
    let memory = this.#load();
    const { charter } = memory.state;
    if (charter === null) return err({ reason: 'region-not-open', cell: this.#cell });
    if (memory.isFormer(batch.device)) return err({ reason: 'retired-device', device: batch.device });
    if (memory.slotOf(batch.device) === undefined) {
      const pulled = await this.#pullMembership(batch.device, nowMs);
      if (!pulled.ok) return pulled;
      memory = this.#load(); // the await may have let others in
    }
    const slot = memory.slotOf(batch.device);
    const device = slot === undefined ? undefined : memory.state.devices[slot];
    if (slot === undefined || device === undefined) return err({ reason: 'unknown-device', device: batch.device });
    const admitted = admit(device, batch.nonce, batch.digest);
    if (!admitted.ok) return admitted;
    if (admitted.value.kind === 'repeat')
      return ok(repeatReceipt(this.#store, charter.cell, admitted.value.seq, nowMs, memory.rules));

    const { nonce, digest, previous, readings, evidence } = batch;
    let receipt: Receipt | null = null;
    const isFirst = memory.state.firstHour === null;
    const statusBefore = statusOf(device);
    const body = { kind: 'batch', slot, nonce, digest, readings, evidence, ...(previous && { previous }) } as const;
    this.#append(body, nowMs, (seq, receivedMs, effect) => {
      receipt =
        effect === null ? null : buildReceipt(charter.cell, batch.device, seq, receivedMs, effect, memory.rules);
      return receipt === null ? null : JSON.stringify(receipt);
    });
    if (receipt === null) throw new Error('a packed batch did not fold');
    if (isFirst) await this.#arm(memory, nowMs);
    // A clone found in this batch: the alarm tells the registry, whatever becomes of this object meanwhile.
    if (statusOf(device) !== statusBefore) await this.#storage.setAlarm(nowMs);
    this.#checkpointWhereDue(memory);
    return ok({ status: 'accepted', receipt });
  }

  charter(charter: CharterBody, nowMs: number): Result<RegionSummary, RegionRefusal> {
    const memory = this.#load();
    if (JSON.stringify(memory.state.charter) !== JSON.stringify(charterFacts(charter))) this.#append(charter, nowMs);
    return ok(this.summary());
  }

  applyMembership(membership: MembershipBody, nowMs: number): Result<RegionSummary, RegionRefusal> {
    const memory = this.#load();
    if (memory.state.charter === null) return err({ reason: 'region-not-open', cell: this.#cell });
    if (memory.isFormer(membership.device)) return ok(this.summary());
    const known = this.#deviceOf(membership.device);
    if (known === undefined || known.membership.version < membership.version) this.#append(membership, nowMs);
    this.#checkpointWhereDue(memory);
    return ok(this.summary());
  }

  /** Of a device that is new here, first what its history goes on from: its former key, or the region that it left. */
  async join(
    membership: MembershipBody,
    { predecessor, cameFrom }: DevicePast,
    nowMs: number,
  ): Promise<Result<RegionSummary, RegionRefusal>> {
    const { device, status, act: signed } = membership;
    // The row of the old key may be heard of first; its entry goes on as the successor's, and says nothing of its own.
    if (status === 'retired' && signed?.act.kind === 'rotate' && this.#load().slotOf(device) !== undefined) {
      await this.#joinByRow(signed.act.successor, nowMs);
      if (this.#load().isFormer(device)) return ok(this.summary());
    }
    if (this.#load().slotOf(device) === undefined && predecessor !== null) {
      // It changed its key again before this region heard of the first time.
      if (this.#load().slotOf(predecessor) === undefined) await this.#joinByRow(predecessor, nowMs);
      const act = await readRotation(this.#stores.db, predecessor, device);
      const memory = this.#load();
      if (memory.slotOf(device) === undefined && memory.slotOf(predecessor) !== undefined)
        this.#append(
          { kind: 'inherit', device, from: predecessor, reputation: null, ...(act !== null && { act }) },
          nowMs,
        );
    }
    const left = cameFrom !== null && this.#mayBring(membership) ? await this.#askDeparture(cameFrom, device) : null;
    const isNews = left !== null && this.#mayBring(membership);
    const applied = this.applyMembership(membership, nowMs);
    if (applied.ok && isNews && cameFrom !== null) {
      const { seq: leftSeq, reputation } = left;
      this.#append({ kind: 'inherit', device, from: cameFrom, leftSeq, reputation }, nowMs);
      // A proof that the registry had not heard of when the device left: this region's alarm tells it.
      if (reputation.isProven) await this.#storage.setAlarm(nowMs);
    }
    return applied.ok ? ok(this.summary()) : applied;
  }

  async #joinByRow(device: DeviceId, nowMs: number): Promise<void> {
    const found = await readMembership(this.#stores.db, device);
    if (found?.cell === this.#cell) await this.join(found.membership, found.past, nowMs);
  }

  #mayBring({ device, status, version }: MembershipBody): boolean {
    const known = this.#deviceOf(device);
    return status !== 'retired' && (known === undefined || (known.membership.version < version && mayBring(known)));
  }

  #deviceOf(device: DeviceId): DeviceState | undefined {
    const memory = this.#load();
    const slot = memory.slotOf(device);
    return slot === undefined ? undefined : memory.state.devices[slot];
  }

  async #askDeparture(from: RegionCell, device: DeviceId): Promise<Departure | null> {
    return from === this.#cell ? null : regionStub(this.#regions, from).departure(device);
  }

  departure(device: DeviceId): Departure | null {
    return this.#deviceOf(device)?.departure ?? null;
  }

  /** @param version of the row that the window was judged by; null: the operator's word, which needs none */
  maintain(
    maintenance: MaintenanceBody,
    version: number | null,
    nowMs: number,
  ): Result<RegionSummary, RegionRefusal | MaintenanceRefusal | RowChanged> {
    const memory = this.#load();
    const device = this.#deviceOf(maintenance.device);
    if (device === undefined) return err({ reason: 'unknown-device', device: maintenance.device });
    const { version: current, status } = device.membership;
    // Sold, moved away or retired meanwhile: who signed it may have no say any more.
    if (version !== null && (version !== current || status === 'retired'))
      return err({ reason: 'version-conflict', current });
    if (isLogged(this.#store, maintenance, nowMs)) return ok(this.summary());
    const { receivedMs } = memory.nextEntry(maintenance, nowMs);
    const isNews = admitMaintenance(device, maintenance, receivedMs, memory.rules);
    if (!isNews.ok) return isNews;
    if (isNews.value) this.#append(maintenance, nowMs);
    return ok(this.summary());
  }

  admitSuccession(from: DeviceId, isByKeysAlone: boolean): Result<null, SuccessionRefusal> {
    const { state, rules } = this.#load();
    return admitSuccession(state, from, isByKeysAlone, rules.time);
  }

  /** A day that has closed and is not in D1 would be in neither place: whoever asks for it brings it there, or is answered nothing. */
  async observations(query: ObservationQuery): Promise<Observation[]> {
    while (this.#load().hasUnpublishedDay(query.fromMs, query.untilMs))
      await this.#turns.take(() => this.#publishAll(this.#load(), this.#tell));
    return observe(this.#load(), this.#store, query);
  }

  readingsSince(query: ReadingsQuery): ReadingsPage {
    return readingsSince(this.#load(), this.#store, query);
  }

  hello(): LiveMessage {
    return helloOf(this.#load());
  }

  summary(): RegionSummary {
    const memory = this.#load();
    const { state } = memory;
    return {
      cell: state.charter?.cell ?? '',
      name: state.charter?.regionName ?? '',
      seq: state.seq,
      devices: state.devices.length,
      firstHour: state.firstHour,
      closedThrough: state.closedThrough,
      batches: state.batches,
      readings: state.readings,
      stateHash: memory.stateHash(),
      publishedSeq: this.#checkpointSeq,
    };
  }

  /** Closes, seals and publishes what is due. Callers that come while one is under way share it. */
  advance(nowMs: number): Promise<RegionSummary> {
    this.#advancing ??= this.#turns
      .take(() => this.#advanceOnce(nowMs))
      .finally(() => {
        this.#advancing = null;
      });
    return this.#advancing;
  }

  /** Throws all derived state away and publishes everything again from the log alone. */
  refold(nowMs: number): Promise<RegionSummary> {
    return this.#turns.take(() => this.#refoldOnce(nowMs));
  }

  async #advanceOnce(nowMs: number): Promise<RegionSummary> {
    const closedBefore = this.#load().state.closedThrough;
    // First: a clone must not be gone to another region before the registry knows of it.
    await this.#tellRegistry(nowMs);
    do {
      this.#isNudged = false;
      await this.#publishAll(this.#load(), this.#tell);
      while ((await this.#judge(nowMs)) || (await this.#close(nowMs))) await this.#publishAll(this.#load(), this.#tell);
    } while (this.#isNudged);
    await this.#tellRegistry(nowMs);
    const memory = this.#load();
    const { closedThrough, sealFromSeq } = memory.state;
    if (closedThrough !== closedBefore) {
      this.#checkpoint(memory);
      this.#store.dropArchived(sealFromSeq - 1, nowMs - memory.rules.time.logKeepSeconds * 1000);
      this.#exchange.forgetBefore(nextHour(memory.state));
    }
    await this.#arm(memory, nowMs);
    return this.summary();
  }

  /** Again while there was something to say: others may have been found meanwhile. */
  async #tellRegistry(nowMs: number): Promise<void> {
    for (;;) {
      const rows = await quarantineClones(this.#load().state, this.#stores.db);
      for (const membership of rows) this.applyMembership(membership, nowMs);
      if (rows.length === 0) return;
    }
  }

  /** Step one: freezes what is due, one hour at a time where other regions have a say in it. */
  async #close(nowMs: number): Promise<boolean> {
    const { state, rules } = this.#load();
    const due = openHour(state) === null ? dueHour(state, nowMs, rules) : null;
    if (due === null) return false;
    const around = await this.#exchange.around(state, nowMs, rules);
    // The await may have let others in, but only an advance closes hours, and there is one at a time.
    const memory = this.#load();
    if (around.length === 0) {
      this.#append({ kind: 'hour-close', hour: due }, nowMs);
      this.#append({ kind: 'neighbour-cells', hour: due, blocks: [] }, nowMs);
      return true;
    }
    const hour = nextHour(memory.state);
    this.#append({ kind: 'hour-close', hour }, nowMs);
    const block = makeBlock(memory.state, hour);
    if (block !== null) this.#store.keepBlock(hour, block.bytes);
    return true;
  }

  /** Step two: the verdicts, once the regions around have told their blocks or the wait for them is over. */
  async #judge(nowMs: number): Promise<boolean> {
    const { state, rules } = this.#load();
    const hour = openHour(state);
    if (hour === null) return false;
    const gathered = await this.#exchange.gather(state, hour, this.#store.blockOf(hour), nowMs, rules);
    if (!gathered.isComplete && nowMs < blockDeadlineMs(state, hour, rules)) return false;
    const memory = this.#load();
    this.#append({ kind: 'neighbour-cells', hour, blocks: chooseBlocks(memory.state, gathered.blocks) }, nowMs);
    return true;
  }

  /** Another region's question: our block of the hour, and its own with it. */
  exchange(hour: number, offer: BlockOffer): BlockAnswer {
    const { state } = this.#load();
    this.#exchange.receive(offer, state);
    const block = this.#store.blockOf(hour);
    if (block === null) return { status: whyNoBlock(state, hour) };
    this.#exchange.gave(hour, offer.cell);
    return { status: 'block', block };
  }

  /** The hour waits for its verdict, and the block that has just come may have been the last. */
  mayJudge(hour: number): boolean {
    if (openHour(this.#load().state) !== hour) return false;
    this.#isNudged = true;
    return true;
  }

  /** After a change of the fold no checkpoint is of use, and what the local log has dropped is in the archive only. */
  get mustFoldArchive(): boolean {
    return this.#store.readCheckpoint() === null && !this.#store.isWhole;
  }

  /** `memberships`: gets the last entry of each device. */
  async foldWholeLog(memberships = new Map<DeviceId, MembershipBody>()): Promise<RegionMemory> {
    const memory = RegionMemory.empty();
    const apply = (entry: LogEntry): void => {
      memory.apply(entry);
      if (entry.kind === 'membership') memberships.set(entry.device, entry);
    };
    for (const key of await archivedKeys(this.#stores.archive, this.#cell)) {
      const segment = await readSegment(this.#stores.archive, key);
      segment.entries.forEach(apply);
    }
    // From here on no await: what arrived meanwhile is in the local log.
    for (const entry of this.#store.entries(memory.state.seq + 1)) apply(entry);
    this.#memory = memory;
    return memory;
  }

  async #refoldOnce(nowMs: number): Promise<RegionSummary> {
    this.#store.dropCheckpoint();
    this.#checkpointSeq = 0;
    const memberships = new Map<DeviceId, MembershipBody>();
    const memory = await this.foldWholeLog(memberships);
    const rows = membershipRows(memory.state, memberships, this.#stores.db);
    if (rows.length > 0) await this.#stores.db.batch(rows);
    await this.#publishAll(memory);
    this.#checkpoint(this.#load());
    await this.#arm(memory, nowMs);
    return this.summary();
  }

  #load(): RegionMemory {
    if (this.#memory !== null) return this.#memory;
    const checkpoint = this.#store.readCheckpoint();
    const memory = checkpoint === null ? RegionMemory.empty() : RegionMemory.fromCheckpoint(checkpoint.state);
    this.#checkpointSeq = checkpoint?.seq ?? 0;
    for (const entry of this.#store.entries(memory.state.seq + 1)) memory.apply(entry);
    this.#memory = memory;
    return memory;
  }

  /** Fold and append in one turn. If either throws, nothing of it is kept: memory is rebuilt from what is stored. */
  #append(
    body: EntryBody,
    nowMs: number,
    receiptOf?: (seq: number, receivedMs: number, effect: BatchEffect | null) => string | null,
  ): void {
    const memory = this.#load();
    try {
      const entry = memory.nextEntry(body, nowMs);
      const effect = memory.apply(entry);
      this.#store.append(entry.seq, entry.receivedMs, body, receiptOf?.(entry.seq, entry.receivedMs, effect) ?? null);
    } catch (cause) {
      this.#memory = null;
      throw cause;
    }
  }

  /** A refold tells nobody: it is no news. */
  async #publishAll(memory: RegionMemory, tell: (message: LiveMessage) => void = () => {}): Promise<void> {
    for (;;) {
      const [next] = memory.unpublished;
      if (next === undefined) return;
      await publish(next, memory.state, memory.rules.time, this.#store, this.#stores);
      memory.unpublished.shift();
      tell(closedOf(next, memory));
    }
  }

  #checkpointWhereDue(memory: RegionMemory): void {
    if (memory.state.seq - this.#checkpointSeq >= CHECKPOINT_ENTRIES) this.#checkpoint(memory);
  }

  #checkpoint(memory: RegionMemory): void {
    if (memory.unpublished.length > 0) return;
    this.#store.writeCheckpoint(memory.state.seq, encodeState(memory.state));
    this.#checkpointSeq = memory.state.seq;
  }

  async #arm(memory: RegionMemory, nowMs: number): Promise<void> {
    const dueMs = nextDueMs(memory.state, nowMs, memory.rules);
    if (dueMs !== null) await this.#storage.setAlarm(dueMs);
  }

  async #pullMembership(device: DeviceId, nowMs: number): Promise<Result<null, RegionRefusal>> {
    const cell = this.#load().state.charter?.cell ?? '';
    const found = await readMembership(this.#stores.db, device);
    if (found === null) return err({ reason: 'unknown-device', device });
    if (found.cell !== cell) return err({ reason: 'wrong-region', owner: found.cell });
    if (found.membership.status === 'retired') return err({ reason: 'retired-device', device });
    const joined = await this.join(found.membership, found.past, nowMs);
    return joined.ok ? ok(null) : joined;
  }
}
