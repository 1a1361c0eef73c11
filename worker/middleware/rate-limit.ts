/**
 * How often one network address may ask. What decides is Cloudflare's own counter (a binding, per location, approximate);
 * `RateLimit` tells what this isolate has seen of it, so `r` is what is left at most. Fields as in
 * draft-ietf-httpapi-ratelimit-headers-10 and -11.
 */
import type { Context, Next } from 'hono';
import { createMiddleware } from 'hono/factory';
import { nowMs } from '../adapters/clock.ts';
import { Lru } from '../adapters/lru.ts';
import type { AppEnv } from '../context.ts';
import type { EdgeBindings } from '../env.ts';
import { problemResponse } from './problem.ts';
import { PAYMENT_SIGNATURE } from './x402-wire.ts';

type Quota = {
  readonly name: 'unpaid' | 'paid' | 'claims';
  /** Requests in a window. */
  readonly quota: number;
  /** What else one may do. */
  readonly instead: string;
};
type Policy = Quota & {
  readonly binding: (env: EdgeBindings) => RateLimit | undefined;
};

/** The bindings allow 10 or 60 seconds. Quotas as in wrangler.toml; a test compares them. */
const WINDOW_SECONDS = 60;
const instead = 'ask for more at once, or for an export';
export const UNPAID: Policy = { name: 'unpaid', quota: 300, instead, binding: (env) => env.UNPAID_LIMIT };
/** With a payment or a key, which may turn out to be none. */
export const PAID: Policy = { name: 'paid', quota: 1200, instead, binding: (env) => env.PAID_LIMIT };

const QUOTA_EXCEEDED = 'https://iana.org/assignments/http-problem-types#quota-exceeded';

/** Requests by policy, address and window, as far as this isolate saw them. */
const seen = new Lru<string, number>(10_000);

export const rateLimit = createMiddleware<AppEnv>((c, next) => {
  const policy = isPaying(c) ? PAID : UNPAID;
  return countRequest(c, next, policy, policy.binding(c.env));
});

/** `limiter` undefined: nothing is counted here. */
export async function countRequest(
  c: Context,
  next: Next,
  policy: Quota,
  limiter: RateLimit | undefined,
): Promise<Response | undefined> {
  if (limiter === undefined) {
    await next();
    return undefined;
  }
  const key = partitionOf(c.req.header('cf-connecting-ip') ?? 'unknown');
  const { success } = await limiter.limit({ key: `${policy.name} ${key}` });
  const fields = fieldsOf(policy, key, success);
  if (!success) return refuse(policy, fields);
  await next();
  for (const [name, value] of Object.entries(fields)) c.res.headers.set(name, value);
  return undefined;
}

/** Has come to buy, not to ask the price. */
export function isPaying(c: Context<AppEnv>): boolean {
  return c.req.header(PAYMENT_SIGNATURE) !== undefined || c.req.header('authorization') !== undefined;
}

/** An IPv6 customer has at least a whole /64 (RFC 6177). */
export function partitionOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':').filter((group) => group !== '');
  const last = (tail ?? '').split(':').filter((group) => group !== '');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - last.length);
  return [...groups, ...Array.from({ length: zeros }, () => '0'), ...last].slice(0, 4).join(':');
}

function fieldsOf({ name, quota }: Quota, key: string, isWithin: boolean): Readonly<Record<string, string>> {
  const second = Math.floor(nowMs() / 1000);
  const window = Math.floor(second / WINDOW_SECONDS);
  const slot = `${name} ${key} ${window}`;
  const count = (seen.get(slot) ?? 0) + 1;
  seen.set(slot, count);
  const left = isWithin ? Math.max(0, quota - count) : 0;
  return {
    'ratelimit-policy': `"${name}";q=${quota};w=${WINDOW_SECONDS}`,
    ratelimit: `"${name}";r=${left};t=${(window + 1) * WINDOW_SECONDS - second}`,
  };
}

function refuse({ name, quota, instead: other }: Quota, fields: Readonly<Record<string, string>>): Response {
  const seconds = /t=(\d+)/.exec(fields['ratelimit'] ?? '')?.[1] ?? String(WINDOW_SECONDS);
  return problemResponse({
    status: 429,
    type: QUOTA_EXCEEDED,
    code: 'quota-exceeded',
    title: 'Too many requests',
    detail: `One network address may ask ${quota} times in ${WINDOW_SECONDS} seconds here. Nothing was charged.`,
    remedy: `Send the same request again after the seconds in Retry-After; ${other}.`,
    members: { 'violated-policies': [name] },
    headers: { ...fields, 'retry-after': seconds },
  });
}
