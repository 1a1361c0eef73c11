/**
 * Brings one batch to the network, or says why not. A batch is (device, nonce, bytes): whenever the outcome of a try is
 * unknown, the same nonce and the same bytes go again under a new `created`, and the network answers with the first
 * receipt. Clock, waiting, chance and the network itself are handed in.
 */
import { type Backoff, fullJitterMs } from '../../core/backoff.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { COSE_CONTENT_TYPE, signPayload } from './cose.ts';
import type { SigningKey } from './key.ts';
import { type NetworkProblem, readProblem } from './problem.ts';
import { readReceipt, type Uploaded } from './receipt.ts';
import { signUpload } from './sign.ts';

export type { Uploaded } from './receipt.ts';

export type Batch = {
  readonly nonce: string;
  /** `application/cose`: `body` is the payload alone, because a COSE message has its time inside. */
  readonly contentType: string;
  readonly contentEncoding?: 'gzip';
  readonly body: Uint8Array;
  /** SHA-256 of the device's batch before, which the signature then covers; null or left out: none is named. */
  readonly previous?: Uint8Array | null;
};

export type UploadFailure =
  | { readonly reason: 'refused'; readonly problem: NetworkProblem }
  /** The batch may have been accepted: send the same nonce and bytes again later. */
  | { readonly reason: 'unreachable'; readonly attempts: number; readonly detail: string };

export type Transport = {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly nowMs: () => number;
  /** Resolves after the time, or at once when the caller is stopping. */
  readonly wait: (ms: number) => Promise<void>;
  /** Uniform in [0, 1): spreads the retries of many devices. */
  readonly jitter: () => number;
  readonly isStopping: () => boolean;
};

export type RetryPolicy = Backoff & {
  readonly attempts: number;
  readonly timeoutMs: number;
};

export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 6,
  firstDelayMs: 500,
  maxDelayMs: 30_000,
  timeoutMs: 20_000,
};

/** What a device learns about its own clock; kept by the caller from upload to upload. */
export type DeviceClock = { offsetMs: number };

export async function uploadBatch(
  key: SigningKey,
  ingestUrl: string,
  batch: Batch,
  transport: Transport,
  clock: DeviceClock = { offsetMs: 0 },
  policy: RetryPolicy = DEFAULT_RETRY,
): Promise<Result<Uploaded, UploadFailure>> {
  let detail = 'never tried';
  let isClockCorrected = false;
  let attempt = 0;
  while (attempt < policy.attempts) {
    const tried = await tryBatch(key, ingestUrl, batch, transport, clock, policy.timeoutMs);
    attempt++;
    if (tried.kind === 'done') return ok(tried.uploaded);
    if (tried.kind === 'refused') {
      const { problem } = tried;
      if (isClockCorrected || !correctClock(clock, problem, transport.nowMs())) {
        return err({ reason: 'refused', problem });
      }
      isClockCorrected = true;
      detail = problem.detail;
      continue;
    }
    detail = tried.detail;
    if (attempt >= policy.attempts || transport.isStopping()) break;
    await transport.wait(tried.retryAfterMs ?? fullJitterMs(attempt, policy, transport.jitter()));
    if (transport.isStopping()) break;
  }
  return err({ reason: 'unreachable', attempts: attempt, detail });
}

/**
 * A device without a battery-backed clock takes the server's time and signs anew. Its own clock is not set: that is for the
 * system, and a server must not be able to.
 *
 * @return whether the refusal was one of the clock
 */
export function correctClock(clock: DeviceClock, { code, serverMs }: NetworkProblem, nowMs: number): boolean {
  if (code !== 'clock-skew' || serverMs === null) return false;
  clock.offsetMs = serverMs - nowMs;
  return true;
}

export type Try =
  | { readonly kind: 'done'; readonly uploaded: Uploaded }
  | { readonly kind: 'refused'; readonly problem: NetworkProblem }
  | { readonly kind: 'unsure'; readonly detail: string; readonly retryAfterMs: number | null };

/** Signs and sends once. @param signal ends it early, as unsure */
export async function tryBatch(
  key: SigningKey,
  url: string,
  batch: Batch,
  { fetch, nowMs }: Pick<Transport, 'fetch' | 'nowMs'>,
  clock: DeviceClock,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Try> {
  const createdSeconds = Math.floor((nowMs() + clock.offsetMs) / 1000);
  try {
    const { headers, body } = await signBatch(key, url, batch, createdSeconds);
    const timeout = AbortSignal.timeout(timeoutMs);
    const request = new Request(url, {
      method: 'POST',
      headers,
      body,
      signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
    });
    const response = await fetch(request);
    if (response.status === 200 || response.status === 201) {
      const uploaded = readReceipt(response.status, await response.json(), key.did);
      if (uploaded) return { kind: 'done', uploaded };
      return { kind: 'unsure', detail: 'the answer is not a receipt of this device', retryAfterMs: null };
    }
    const problem = await readProblem(response);
    if (!isTransient(response.status)) return { kind: 'refused', problem };
    const detail = `${problem.status} ${problem.code}: ${problem.detail}`;
    return { kind: 'unsure', detail, retryAfterMs: retryAfterMs(response, nowMs()) };
  } catch (error) {
    // Connection refused or cut, time-out, or an answer cut short: the batch may or may not have arrived. Or a secure element,
    // a TPM or a signing service was away: not now does not mean never, and the batch is kept.
    return { kind: 'unsure', detail: reasonOf(error), retryAfterMs: null };
  }
}

type Signed = { readonly headers: Record<string, string>; readonly body: Uint8Array<ArrayBuffer> };

async function signBatch(key: SigningKey, url: string, batch: Batch, createdSeconds: number): Promise<Signed> {
  const { nonce, contentType, contentEncoding, body, previous = null } = batch;
  if (contentType === COSE_CONTENT_TYPE) {
    const message = await signPayload(key, { url, payload: body, createdSeconds, nonce, previous });
    return { headers: { 'content-type': contentType }, body: Uint8Array.from(message) };
  }
  const headers = await signUpload(key, { url, contentType, body, createdSeconds, nonce, previous });
  const encoded = contentEncoding === undefined ? {} : { 'content-encoding': contentEncoding };
  return { headers: { ...headers, ...encoded }, body: Uint8Array.from(body) };
}

/** 408, 425, 429 and everything from 500 on say nothing about the batch itself. */
function isTransient(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** RFC 9110 section 10.2.3: seconds or a date. Not longer than an hour, whatever a server in trouble says. */
function retryAfterMs(response: Response, nowMs: number): number | null {
  const text = response.headers.get('retry-after') ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? null : Math.min(Math.max(0, ms), 3_600_000);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
