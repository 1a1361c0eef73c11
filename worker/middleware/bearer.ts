/** `Authorization: Bearer ...` and `Idempotency-Key` as they stand in a request. */
import type { Context } from 'hono';
import { err, ok, type Result } from '../../core/result.ts';
import type { AppEnv } from '../context.ts';

/** Null: the request carries none. What it carries may be no key at all. */
export function bearerOf(c: Context<AppEnv>): string | null {
  const bearer = /^Bearer(?: +(.*))?$/i.exec(c.req.header('authorization') ?? '');
  return bearer === null ? null : (bearer[1] ?? '');
}

export type BadIdempotencyKey = { readonly reason: 'bad-idempotency-key' };

/**
 * 1 to 255 visible characters, in quotes (a Structured Fields string, as draft-ietf-httpapi-idempotency-key-header writes it) or
 * bare, as most clients send it. Null: there is none.
 */
export function readIdempotencyKey(header: string | undefined): Result<string | null, BadIdempotencyKey> {
  if (header === undefined) return ok(null);
  const [, quoted, bare] =
    /^(?:"([\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x5b\x5d-\x7e]{1,255}))$/.exec(header) ?? [];
  const key = quoted ?? bare;
  return key === undefined ? err({ reason: 'bad-idempotency-key' }) : ok(key);
}
