/** Sends a message as Standard Webhooks has it: signed, with an id by which a receiver knows a repetition. */
import { Webhook } from 'standardwebhooks';
import type { DueMessage } from './store.ts';

const TIMEOUT_MS = 10_000;

export type Answer = { readonly status: number; readonly retryAfterSeconds: number | null };

/** Null: no answer within ten seconds, or none at all. */
export async function deliver({ id, url, secret, body }: DueMessage, nowMs: number): Promise<Answer | null> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Isobar-Webhooks',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(nowMs / 1000)),
        'webhook-signature': new Webhook(secret).sign(id, new Date(nowMs), body),
      },
      // The address was checked, the one that a redirect names was not.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    // Nothing in it matters, and it may be endless.
    await response.body?.cancel();
    const asked = response.headers.get('retry-after') ?? '';
    return { status: response.status, retryAfterSeconds: /^\d{1,9}$/.test(asked) ? Number(asked) : null };
  } catch {
    return null;
  }
}
