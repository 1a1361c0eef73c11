/**
 * Entity tags of sold answers, and 304 for whoever has one. A tag is the digest of the answer with a keyed seal over query and
 * digest: who shows one has had the answer, so that comparing it with today's needs no payment and tells nothing new; nobody
 * can make up a tag to learn whether the answer is what they guess, or to have answers computed for nothing.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Context } from 'hono';
import type { Result } from '../../core/result.ts';
import type { SoldAnswer } from '../../durable-objects/settler/api.ts';
import type { AppEnv } from '../context.ts';
import { sealOf } from '../adapters/seal.ts';
import type { EdgeConfig } from '../env.ts';
import type { Article } from './payment.ts';

/** A client keeps one tag an address; more would be somebody trying. */
const MAX_TAGS = 4;

/** RFC 9110 section 8.8.3, strong. */
export async function etagOf(query: string, body: SoldAnswer['body'], config: EdgeConfig): Promise<string> {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const digest = bytesToHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))).slice(0, 32);
  return `"${digest}.${await seal(query, digest, config)}"`;
}

/** 304 where the client has the answer as it would be given now; null where it has to be bought. Asks for no payment. */
export async function unchanged(
  c: Context<AppEnv>,
  query: string,
  article: () => Promise<Result<Article, Response>>,
): Promise<Response | null> {
  const shown = await ownTags(c.req.header('if-none-match'), query, c.var.config);
  if (shown.length === 0) return null;
  const found = await article();
  const answer = found.ok ? await found.value.answer() : found;
  if (!answer.ok) return null;
  const etag = answer.value.headers?.['etag'];
  if (etag === undefined || !shown.includes(etag)) return null;
  const headers = { ...answer.value.headers, 'cache-control': 'private, no-cache' };
  return new Response(null, { status: 304, headers });
}

/** Those of `If-None-Match` that carry our seal for this query. `*` names no answer that anybody has. */
async function ownTags(header: string | undefined, query: string, config: EdgeConfig): Promise<readonly string[]> {
  const own: string[] = [];
  // Weak comparison (RFC 9110 section 13.1.2): a proxy that compressed the answer has weakened the tag.
  const tags = (header ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  for (const tag of tags.slice(0, MAX_TAGS)) {
    const [, digest, given] = /^"([0-9a-f]{32})\.([0-9a-f]{32})"$/.exec(tag) ?? [];
    if (digest !== undefined && given === (await seal(query, digest, config))) own.push(tag);
  }
  return own;
}

async function seal(query: string, digest: string, config: EdgeConfig): Promise<string> {
  return (await sealOf(config, 'isobar etag v1', `${query}\n${digest}`)).slice(0, 32);
}
