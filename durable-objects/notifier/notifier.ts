/**
 * Tells receivers what they asked for: one object per network. This class is the RPC surface and the alarm, which looks
 * at what has closed since (watch-hours.ts, watch-sales.ts) and sends what is due (deliver.ts).
 */
import { DurableObject } from 'cloudflare:workers';
import { ruleSetByName } from '../../core/rules/by-name.ts';
import type { RuleSet } from '../../core/rules/rule-set.ts';
import { judgeStatus, nextAttemptMs } from '../../core/webhook/schedule.ts';
import type { Topic } from '../../core/webhook/topic.ts';
import { logLine } from '../log.ts';
import type { Delivery, Hook, NotifierApi, NotifierBindings } from './api.ts';
import { testMessage } from './messages.ts';
import { NotifierStore, type DueMessage } from './store.ts';
import { noteStart, watchHours } from './watch-hours.ts';
import { watchSales } from './watch-sales.ts';

export const MAX_HOOKS_PER_OWNER = 20;
const SENT_AT_ONCE = 20;
const SHORTEST_WATCH_MS = 2000;
const KEEP_EXAMINED_MS = 60 * 86_400_000;
const SECRET_BYTES = 32;

export class Notifier extends DurableObject<NotifierBindings> implements NotifierApi {
  readonly #store: NotifierStore;
  readonly #rules: RuleSet;
  #watchDueMs = 0;

  constructor(state: DurableObjectState, bindings: NotifierBindings) {
    super(state, bindings);
    this.#store = new NotifierStore(state.storage);
    const rules = ruleSetByName(bindings.RULES);
    if (rules === undefined) throw new Error(`no rule set ${bindings.RULES}`);
    this.#rules = rules;
  }

  async create(owner: string, url: string, topic: Topic): Promise<{ hook: Hook; secret: string } | null> {
    if (this.#store.hooksOf(owner).length >= MAX_HOOKS_PER_OWNER) return null;
    const nowMs = Date.now();
    const hook: Hook = { id: crypto.randomUUID(), owner, url, topic, state: 'unconfirmed', createdMs: nowMs };
    const secret = `whsec_${toBase64(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)))}`;
    this.#store.transaction(() => {
      this.#store.addHook(hook, secret);
      this.#store.addMessage(testMessage(hook, nowMs), nowMs);
    });
    await this.#wakeBy(nowMs);
    return { hook, secret };
  }

  async list(owner: string): Promise<readonly Hook[]> {
    return this.#store.hooksOf(owner);
  }

  async remove(owner: string, id: string): Promise<boolean> {
    if (this.#store.hook(owner, id) === null) return false;
    this.#store.removeHook(id);
    return true;
  }

  async test(owner: string, id: string): Promise<boolean> {
    const hook = this.#store.hook(owner, id);
    if (hook === null) return false;
    const nowMs = Date.now();
    this.#store.addMessage(testMessage(hook, nowMs), nowMs);
    await this.#wakeBy(nowMs);
    return true;
  }

  async deliveries(owner: string, id: string): Promise<readonly Delivery[] | null> {
    return this.#store.hook(owner, id) === null ? null : this.#store.deliveries(id);
  }

  override async alarm(): Promise<void> {
    const nowMs = Date.now();
    if (nowMs >= this.#watchDueMs && this.#store.activeHooks().length > 0) await this.#watch(nowMs);
    await Promise.all(this.#store.due(Date.now(), SENT_AT_ONCE).map((message) => this.#send(message)));
    const next = [this.#store.nextDueMs(), this.#store.activeHooks().length > 0 ? this.#watchDueMs : null];
    const soonest = Math.min(...next.map((at) => at ?? Number.POSITIVE_INFINITY));
    if (Number.isFinite(soonest)) await this.#wakeBy(soonest);
  }

  /** A database that does not answer must not end the alarms: the next look finds the same facts. */
  async #watch(nowMs: number): Promise<void> {
    this.#watchDueMs = nowMs + this.#watchEveryMs();
    try {
      const isMore = await watchHours(this.#store, this.env.DB, this.#rules, nowMs);
      await watchSales(this.#store, this.env.DB, this.#rules, nowMs);
      this.#store.purge(nowMs, KEEP_EXAMINED_MS);
      if (isMore) this.#watchDueMs = nowMs;
    } catch (error) {
      logLine({ code: 'webhooks-unwatched', error: String(error) });
    }
  }

  async #send(message: DueMessage): Promise<void> {
    const nowMs = Date.now();
    const { deliver } = await import('./deliver.ts');
    const answer = await deliver(message, nowMs);
    const verdict = answer === null ? 'again' : judgeStatus(answer.status);
    const status = answer?.status ?? null;
    const isTest = message.type === 'webhook.test';
    if (verdict === 'delivered') {
      // Whoever answers a test wants to be told; until then an address is not sent anything else.
      if (isTest) await this.#activate(message.hook);
      this.#store.noteAttempt(message.id, 'delivered', status, null);
      return;
    }
    const attempts = message.attempts + 1;
    const asked = answer?.retryAfterSeconds ?? null;
    const nextMs = verdict === 'gone' ? null : nextAttemptMs(attempts, asked, Date.now(), Math.random());
    this.#store.noteAttempt(message.id, nextMs === null ? 'failed' : 'waiting', status, nextMs);
    if (nextMs !== null) return;
    this.#store.transaction(() => {
      this.#store.setState(message.hook, 'paused');
      this.#store.giveUp(message.hook);
    });
  }

  async #activate(id: string): Promise<void> {
    const hook = this.#store.anyHook(id);
    if (hook === null || hook.state === 'active') return;
    await noteStart(this.#store, this.env.DB, this.#rules, hook, Date.now());
    this.#store.setState(id, 'active');
  }

  #watchEveryMs(): number {
    return Math.max(SHORTEST_WATCH_MS, (this.#rules.time.hourSeconds * 1000) / 60);
  }

  async #wakeBy(atMs: number): Promise<void> {
    const due = await this.ctx.storage.getAlarm();
    if (due === null || due > atMs) await this.ctx.storage.setAlarm(atMs);
  }
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
