/**
 * Works an export off, a few parts an alarm. A part is: read its days, encode them, put the object under its own key, note
 * it. Killed anywhere in between, the next alarm makes the same part again; nothing is counted before its object is stored.
 */
import { exportKey, exportPrefix, MANIFEST, type StoredPart } from '../../core/export/manifest.ts';
import type { ExportOrder, ExportPart } from '../../core/export/order.ts';
import { planParts } from '../../core/export/plan.ts';
import { ruleSetByName } from '../../core/rules/by-name.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import type { TimeRules } from '../../core/rules/rule-set.ts';
import { logLine } from '../log.ts';
import type { ExportJobBindings, ExportStatus } from './api.ts';
import { encodePart, rowsOfPart } from './encode.ts';
import { toManifest, sha256Hex, sha256OfPieces } from './manifest.ts';
import { JobStore, type JobRow } from './store.ts';

/** A step ends after this; each part takes well under a second of CPU. */
const STEP_MS = 5_000;
const PARTS_A_STEP = 20;
const DAY_MS = 24 * 3600 * 1000;
/** Longer than the settler repeats the sold answer: who fetches that late still finds the job. */
const PREPARED_MS = 3 * DAY_MS;
/** How long files are kept once they are complete, and a failed job can be restarted. */
export const KEEP_MS = 7 * DAY_MS;
/** 15 s, doubled up to an hour: gives up after some 17 hours in which D1 or R2 never answered. */
const RETRY_MS = 15_000;
const LONGEST_RETRY_MS = 3600 * 1000;
const MOST_FAILURES = 24;
/** R2 takes 1,000 keys a deletion. */
const KEYS_A_DELETION = 1000;

export class Clerk {
  readonly #storage: DurableObjectStorage;
  readonly #db: D1Database;
  readonly #archive: R2Bucket;
  readonly #rules: TimeRules;
  readonly #store: JobStore;
  #plan: readonly ExportPart[] | null = null;
  #isStepping = false;

  constructor(storage: DurableObjectStorage, bindings: ExportJobBindings) {
    this.#storage = storage;
    this.#db = bindings.DB;
    this.#archive = bindings.ARCHIVE;
    this.#rules = (ruleSetByName(bindings.RULES) ?? MAIN_RULES).time;
    this.#store = new JobStore(storage.sql);
  }

  async prepare(order: ExportOrder, nowMs: number): Promise<void> {
    if (this.#store.read() !== null) return;
    this.#store.prepare(order, nowMs + PREPARED_MS);
    await this.#storage.setAlarm(nowMs + PREPARED_MS);
  }

  async begin(nowMs: number): Promise<ExportStatus | null> {
    const job = this.#store.read();
    if (job === null) return null;
    if (job.phase === 'prepared') await this.#run(nowMs);
    // An alarm that was lost would leave the job where it is for ever; whoever looks winds it up again.
    else if (!this.#isStepping && (await this.#storage.getAlarm()) === null) await this.#storage.setAlarm(nowMs);
    return this.#status();
  }

  async restart(nowMs: number): Promise<ExportStatus | null> {
    const job = this.#store.read();
    if (job === null) return null;
    if (job.phase === 'failed') await this.#run(nowMs);
    return this.#status();
  }

  async step(): Promise<void> {
    const job = this.#store.read();
    if (job === null) return;
    this.#isStepping = true;
    try {
      await (job.phase === 'running' ? this.#work(job) : this.#forget(job));
    } catch (cause) {
      await this.#failed(job, cause);
    } finally {
      this.#isStepping = false;
    }
  }

  async #run(nowMs: number): Promise<void> {
    this.#store.setPhase('running', 0);
    await this.#storage.setAlarm(nowMs);
  }

  async #work({ order }: JobRow): Promise<void> {
    const plan = this.#planOf(order);
    const untilMs = Date.now() + STEP_MS;
    let next = this.#store.progress().parts;
    for (let made = 0; next < plan.length && made < PARTS_A_STEP && Date.now() < untilMs; made += 1) {
      const part = plan[next];
      if (part === undefined) break;
      this.#store.addPart(next, await this.#make(order, part, next === 0));
      next += 1;
    }
    if (next >= plan.length) await this.#finish(order);
    else await this.#storage.setAlarm(Date.now());
  }

  async #make(order: ExportOrder, part: ExportPart, isFirst: boolean): Promise<StoredPart> {
    const rows = await rowsOfPart(this.#db, order, part, this.#rules);
    const bytes = await encodePart(rows, order, isFirst);
    // A partition without rows has no file; neither has an empty piece.
    if (bytes.length > 0) await this.#archive.put(exportKey(order.id, part.path), bytes);
    return { path: part.path, rows: rows.length, bytes: bytes.length, sha256: await sha256Hex(bytes) };
  }

  async #finish(order: ExportOrder): Promise<void> {
    const parts = this.#store.parts().filter(({ bytes }) => bytes > 0);
    const whole = order.format === 'parquet' ? null : await sha256OfPieces(this.#archive, order.id, parts);
    const nowMs = Date.now();
    const manifest = toManifest(order, parts, whole, nowMs);
    await this.#archive.put(exportKey(order.id, MANIFEST), JSON.stringify(manifest), {
      httpMetadata: { contentType: 'application/json' },
    });
    this.#store.setPhase('done', nowMs + KEEP_MS);
    await this.#storage.setAlarm(nowMs + KEEP_MS);
  }

  /** Keeps trying for most of a day; then it says so and waits to be restarted. */
  async #failed(job: JobRow, cause: unknown): Promise<void> {
    const failures = (this.#store.read()?.failures ?? job.failures) + 1;
    logLine({ code: 'export-step-failed', export: job.order.id, failures, message: String(cause) });
    const nowMs = Date.now();
    if (failures < MOST_FAILURES || job.phase !== 'running') {
      this.#store.noteFailure(failures, 'The last step failed and is tried again.');
      await this.#storage.setAlarm(nowMs + Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** Math.min(failures - 1, 20)));
      return;
    }
    this.#store.setPhase('failed', nowMs + KEEP_MS, `Gave up after ${failures} failed steps in a row.`);
    await this.#storage.setAlarm(nowMs + KEEP_MS);
  }

  /** Removes everything of a job whose time is over. Interrupted, the next alarm goes on. */
  async #forget({ order, expiresMs }: JobRow): Promise<void> {
    if (Date.now() < expiresMs) return this.#storage.setAlarm(expiresMs);
    const listed = await this.#archive.list({ prefix: exportPrefix(order.id), limit: KEYS_A_DELETION });
    if (listed.objects.length > 0) await this.#archive.delete(listed.objects.map(({ key }) => key));
    if (listed.truncated) await this.#storage.setAlarm(Date.now());
    else await this.#storage.deleteAll();
  }

  #planOf(order: ExportOrder): readonly ExportPart[] {
    this.#plan ??= planParts(order, this.#rules);
    return this.#plan;
  }

  #status(): ExportStatus | null {
    const job = this.#store.read();
    if (job === null) return null;
    const { order, phase, expiresMs, detail } = job;
    const { parts, rows, bytes } = this.#store.progress();
    return {
      status: phase === 'prepared' || (phase === 'running' && parts === 0) ? 'queued' : phase,
      format: order.format,
      createdMs: order.createdMs,
      partsDone: parts,
      partsTotal: this.#planOf(order).length,
      rows,
      bytes,
      expiresMs: phase === 'done' || phase === 'failed' ? expiresMs : null,
      detail,
    };
  }
}
