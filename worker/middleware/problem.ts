/**
 * Refusals as RFC 9457 problems. What the outside learns is decided in two exhaustive switches (ingest-problems.ts and
 * edge-problems.ts); what the log keeps is the reason itself.
 */
import type { Context } from 'hono';
import type { IngestRefusal } from '../../core/errors.ts';
import type { Problem } from '../../schema/api/public.ts';
import type { AppEnv } from '../context.ts';
import { logLine } from '../../durable-objects/log.ts';
import { describeEdgeRefusal, type EdgeRefusal } from './edge-problems.ts';
import { describeIngestRefusal } from './ingest-problems.ts';
import type { ProblemParts } from './problem-parts.ts';

export type Refusal = IngestRefusal | EdgeRefusal;

const TYPE_BASE = 'https://isobar.example/problems/';

export function problem(c: Context<AppEnv>, refusal: Refusal): Response {
  const parts = describeRefusal(refusal);
  logLine({ requestId: c.var.requestId, code: parts.code, status: parts.status, reason: refusal.reason });
  return problemResponse(parts);
}

export function problemResponse(parts: ProblemParts): Response {
  const { status, code, title, detail, remedy, members, headers } = parts;
  const body: Problem = { type: parts.type ?? `${TYPE_BASE}${code}`, title, status, code, detail, remedy };
  return new Response(JSON.stringify({ ...body, ...members }), {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
  });
}

export function describeRefusal(refusal: Refusal): ProblemParts {
  return isEdgeRefusal(refusal) ? describeEdgeRefusal(refusal) : describeIngestRefusal(refusal);
}

const EDGE_REASONS: Readonly<Record<EdgeRefusal['reason'], true>> = {
  'unknown-route': true,
  'no-such': true,
  'bad-query': true,
  'bad-field': true,
  unauthorized: true,
  'bad-sign-in': true,
  'not-the-owner': true,
  'weak-key': true,
  'version-conflict': true,
  'region-unavailable': true,
  'not-a-websocket': true,
  'live-full': true,
  'too-many-webhooks': true,
  internal: true,
};

function isEdgeRefusal(refusal: Refusal): refusal is EdgeRefusal {
  return Object.hasOwn(EDGE_REASONS, refusal.reason);
}
