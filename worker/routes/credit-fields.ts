/** Bodies and parameters of the credits routes, checked field by field; a wrong one is named. */
import { isKeyScope, type KeyScope, type NewKey } from '../../core/credits/api-key.ts';
import { formatUsdc } from '../../core/price/price.ts';
import { parseUsdc } from '../../core/price/parse-usdc.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { rfc3339 } from '../../core/time.ts';
import type { UsageRequest } from '../../durable-objects/account/api.ts';
import type { EdgeRefusal } from '../middleware/edge-problems.ts';

/** 1 USDC: settling a payment costs the network some thousandths of it. */
export const MIN_TOP_UP = 1_000_000n;
/** 1,000 USDC: credits are served at once, and the chain may still take back what it has not finalized. */
export const MAX_TOP_UP = 1_000_000_000n;

const MAX_NAME_CHARACTERS = 80;
const PAGE_ROWS = 200;
const DAY_MS = 24 * 3600 * 1000;
const DEFAULT_DAYS = 31;

type Fields = Readonly<Record<string, unknown>>;
type Checked<T> = Result<T, EdgeRefusal>;
export type KeyWish = Omit<NewKey, 'hash'>;

const bad = (pointer: string, detail: string): Checked<never> => err({ reason: 'bad-field', pointer, detail });

export type TopUpFields = { readonly amount: bigint; readonly key: KeyWish | null };

export function parseTopUp(fields: Fields, nowMs: number): Checked<TopUpFields> {
  const extra = unknownField(fields, ['amount', 'key']);
  if (extra !== null) return bad(`/${extra}`, 'there is no such field');
  const amount = parseUsdc(fields['amount']);
  if (amount === null || amount < MIN_TOP_UP || amount > MAX_TOP_UP) {
    return bad('/amount', `must be USDC as text, from "${formatUsdc(MIN_TOP_UP)}" to "${formatUsdc(MAX_TOP_UP)}"`);
  }
  const wanted = fields['key'] ?? null;
  if (wanted === null) return ok({ amount, key: null });
  if (typeof wanted !== 'object' || Array.isArray(wanted)) return bad('/key', 'must be an object');
  const key = parseKeyWish(wanted as Fields, nowMs, '/key');
  return key.ok ? ok({ amount, key: key.value }) : key;
}

export function parseKeyWish(fields: Fields, nowMs: number, at = ''): Checked<KeyWish> {
  const extra = unknownField(fields, ['name', 'scopes', 'expires', 'monthlyLimit']);
  if (extra !== null) return bad(`${at}/${extra}`, 'there is no such field');
  const { name, scopes = ['read'], expires = null, monthlyLimit = null } = fields;
  if (typeof name !== 'string' || name.trim() === '' || name.length > MAX_NAME_CHARACTERS) {
    return bad(`${at}/name`, `must be text of 1 to ${MAX_NAME_CHARACTERS} characters`);
  }
  const checked = parseScopes(scopes);
  if (checked === null) return bad(`${at}/scopes`, 'must be a list of read, export, stream');
  const expiresMs = expires === null ? null : parseTime(expires);
  if (expiresMs !== null && !(expiresMs > nowMs))
    return bad(`${at}/expires`, 'must be an RFC 3339 time to come, or null');
  const limit = monthlyLimit === null ? null : parseUsdc(monthlyLimit);
  if (monthlyLimit !== null && limit === null) return bad(`${at}/monthlyLimit`, 'must be USDC as text, or null');
  return ok({ name, scopes: checked, expiresMs, monthlyLimit: limit === null ? null : String(limit) });
}

export type UsageParameters = Pick<UsageRequest, 'from' | 'until' | 'after' | 'limit'>;

export function parseUsage(given: URLSearchParams, nowMs: number): Checked<UsageParameters> {
  const until = given.get('until') ?? dayOf(nowMs + DAY_MS);
  if (!isDay(until)) return badDay('until');
  const from = given.get('from') ?? dayOf(Date.parse(until) - DEFAULT_DAYS * DAY_MS);
  if (!isDay(from)) return badDay('from');
  const cursor = given.get('cursor');
  const after = cursor === null ? null : decodeCursor(cursor);
  if (cursor !== null && after === null) {
    return err({ reason: 'bad-query', parameter: 'cursor', detail: 'take it from Link: rel=next, unchanged' });
  }
  return ok({ from, until, after, limit: PAGE_ROWS });
}

export function encodeCursor({ day, key }: { readonly day: string; readonly key: string }): string {
  return btoa(`${day} ${key}`).replace(/=+$/, '');
}

function decodeCursor(text: string): { readonly day: string; readonly key: string } | null {
  if (!/^[A-Za-z0-9+/]{1,80}$/.test(text) || text.length % 4 === 1) return null;
  const [, day, key] = /^(\d{4}-\d\d-\d\d) ([0-9a-f]{16})$/.exec(atob(text)) ?? [];
  return day === undefined || key === undefined ? null : { day, key };
}

function badDay(parameter: string): Checked<never> {
  return err({ reason: 'bad-query', parameter, detail: 'give a day of UTC, such as 2026-11-23' });
}

function isDay(text: string): boolean {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(ms) && dayOf(ms) === text;
}

function dayOf(ms: number): string {
  return rfc3339(ms).slice(0, 10);
}

/** NaN for what is no time. */
function parseTime(given: unknown): number {
  const isTime =
    typeof given === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:Z|[+-]\d\d:\d\d)$/.test(given);
  return isTime ? Date.parse(given) : Number.NaN;
}

function parseScopes(given: unknown): readonly KeyScope[] | null {
  if (!Array.isArray(given) || given.length === 0 || given.length > 10) return null;
  const scopes = (given as readonly unknown[]).filter(isKeyScope);
  return scopes.length === given.length ? [...new Set(scopes)].toSorted() : null;
}

function unknownField(fields: Fields, known: readonly string[]): string | null {
  return Object.keys(fields).find((name) => !known.includes(name)) ?? null;
}
