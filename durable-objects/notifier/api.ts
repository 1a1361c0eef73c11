/** What callers see of the notifier, the one object that watches closed hours and tells receivers. */
import type { Topic } from '../../core/webhook/topic.ts';

export type NotifierBindings = {
  readonly DB: D1Database;
  readonly RULES: string;
};

/**
 * unconfirmed: only the test message was sent, and nothing else is until the receiver has taken it. active: told.
 * paused: messages failed for days or the receiver said 410; a test message that arrives makes it active again.
 */
export type HookState = 'unconfirmed' | 'active' | 'paused';

export type Hook = {
  readonly id: string;
  readonly owner: string;
  readonly url: string;
  readonly topic: Topic;
  readonly state: HookState;
  readonly createdMs: number;
};

/** A message and what has become of it. */
export type Delivery = {
  readonly id: string;
  readonly type: string;
  readonly createdMs: number;
  readonly attempts: number;
  readonly state: 'waiting' | 'delivered' | 'failed';
  /** HTTP status of the last attempt; null: none yet, or no answer. */
  readonly status: number | null;
  readonly nextMs: number | null;
};

export interface NotifierApi {
  /** The secret is told here and never again. Null: the owner has as many as one may have. */
  create(owner: string, url: string, topic: Topic): Promise<{ readonly hook: Hook; readonly secret: string } | null>;
  list(owner: string): Promise<readonly Hook[]>;
  /** False: there is no such hook of this owner. */
  remove(owner: string, id: string): Promise<boolean>;
  test(owner: string, id: string): Promise<boolean>;
  /** Newest first; null: there is no such hook of this owner. */
  deliveries(owner: string, id: string): Promise<readonly Delivery[] | null>;
}
