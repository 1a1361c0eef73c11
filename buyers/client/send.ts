/**
 * One request until its outcome is known. A lost connection, a time-out, an answer cut short, 409 or 503 with Retry-After
 * and every other passing failure lead to the very same request again, so with the same payment or with none. Network,
 * clock, waiting and chance are handed in.
 */
import { type Backoff, backoffMs } from '../../core/backoff.ts';
import type { Query } from './query.ts';
import { parseProblem, type Problem } from './problem.ts';

export type Transport = {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly nowMs: () => number;
  readonly wait: (ms: number) => Promise<void>;
  /** Uniform in [0, 1): spreads the tries of many buyers. */
  readonly jitter: () => number;
};

export type Patience = Backoff & {
  /** Of one try. */
  readonly timeoutMs: number;
  /** No try begins later than this after the first. */
  readonly giveUpAfterMs: number;
};

/** A settlement takes one block of OP, 2 s; a replaced one 20 s and more. */
export const DEFAULT_PATIENCE: Patience = {
  firstDelayMs: 500,
  maxDelayMs: 15_000,
  timeoutMs: 30_000,
  giveUpAfterMs: 120_000,
};

const LONGEST_ASKED_MS = 60_000;

export type Outcome =
  /** The whole body is here. */
  | { readonly kind: 'answered'; readonly response: Response }
  | { readonly kind: 'refused'; readonly problem: Problem; readonly headers: Headers }
  /** What came of it is not known; the same request may be sent again later. */
  | { readonly kind: 'unknown'; readonly tries: number; readonly detail: string };

export async function sendUntilKnown(
  query: Query,
  headers: Readonly<Record<string, string>>,
  transport: Transport,
  patience: Patience,
): Promise<Outcome> {
  const giveUpMs = transport.nowMs() + patience.giveUpAfterMs;
  for (let tries = 1; ; tries++) {
    const tried = await tryOnce(query, headers, transport, patience.timeoutMs);
    if (tried.kind !== 'again') return tried;
    const waitMs = Math.max(tried.askedMs, backoffMs(tries, patience, transport.jitter()));
    if (transport.nowMs() + waitMs > giveUpMs) return { kind: 'unknown', tries, detail: tried.detail };
    await transport.wait(waitMs);
  }
}

type Try =
  | Exclude<Outcome, { kind: 'unknown' }>
  | { readonly kind: 'again'; readonly detail: string; readonly askedMs: number };

async function tryOnce(
  { url, method = 'GET', headers, body }: Query,
  payment: Readonly<Record<string, string>>,
  transport: Transport,
  timeoutMs: number,
): Promise<Try> {
  try {
    const request = new Request(url, {
      method,
      headers: { ...headers, ...payment },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const response = await transport.fetch(request);
    const bytes = await response.arrayBuffer();
    if (response.ok) {
      const { status, headers } = response;
      return { kind: 'answered', response: new Response(status === 204 ? null : bytes, { status, headers }) };
    }
    const problem = parseProblem(response.status, new TextDecoder().decode(bytes));
    const askedMs = retryAfterMs(response.headers);
    if (!isPassing(response.status, askedMs)) return { kind: 'refused', problem, headers: response.headers };
    return { kind: 'again', detail: `${problem.status} ${problem.code}: ${problem.detail}`, askedMs: askedMs ?? 0 };
  } catch (error) {
    // Refused, cut, timed out, or cut short in the body: the request may have arrived.
    return { kind: 'again', detail: reasonOf(error), askedMs: 0 };
  }
}

/** 408, 425, 429 and all from 500 on say nothing about the request; 409 is final unless it names a time. */
function isPassing(status: number, askedMs: number | null): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500 || (status === 409 && askedMs !== null);
}

function retryAfterMs(headers: Headers): number | null {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1000, LONGEST_ASKED_MS) : null;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
