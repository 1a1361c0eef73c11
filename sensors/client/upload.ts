/**
 * Brings one batch to the network, or says why not. A batch is (device, nonce, bytes): whenever the outcome of a try is
 * unknown, the same nonce and the same bytes go again under a new `created`, and the network answers with the first
 * receipt. Clock, waiting, chance and the network itself are handed in.
 */
import { type Backoff, backoffMs } from '../../core/backoff.ts';
import type { Receipt } from '../../core/region/receipt.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { SigningKey } from './key.ts';
import { type NetworkProblem, readProblem } from './problem.ts';
import { signUpload } from './sign.ts';

export type Batch = {
  readonly nonce: string;
  readonly contentType: string;
  readonly body: Uint8Array;
};

export type Uploaded =
  | { readonly status: 'accepted' | 'repeated'; readonly receipt: Receipt }
  /** Accepted long ago: the network keeps only the receipt's name. */
  | { readonly status: 'expired'; readonly receipt: string };

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
    const tried = await tryOnce(key, ingestUrl, batch, transport, clock, policy.timeoutMs);
    attempt++;
    if (tried.kind === 'done') return ok(tried.uploaded);
    if (tried.kind === 'refused') {
      const { problem } = tried;
      // A device without a battery-backed clock: take the server's time, once, and sign anew.
      if (problem.code !== 'clock-skew' || problem.serverMs === null || isClockCorrected) {
        return err({ reason: 'refused', problem });
      }
      clock.offsetMs = problem.serverMs - transport.nowMs();
      isClockCorrected = true;
      detail = problem.detail;
      continue;
    }
    detail = tried.detail;
    if (attempt >= policy.attempts || transport.isStopping()) break;
    await transport.wait(tried.retryAfterMs ?? backoffMs(attempt, policy, transport.jitter()));
    if (transport.isStopping()) break;
  }
  return err({ reason: 'unreachable', attempts: attempt, detail });
}

type Try =
  | { readonly kind: 'done'; readonly uploaded: Uploaded }
  | { readonly kind: 'refused'; readonly problem: NetworkProblem }
  | { readonly kind: 'unsure'; readonly detail: string; readonly retryAfterMs: number | null };

async function tryOnce(
  key: SigningKey,
  url: string,
  batch: Batch,
  transport: Transport,
  clock: DeviceClock,
  timeoutMs: number,
): Promise<Try> {
  const createdSeconds = Math.floor((transport.nowMs() + clock.offsetMs) / 1000);
  const headers = await signUpload(key, { url, ...batch, createdSeconds });
  try {
    const request = new Request(url, {
      method: 'POST',
      headers: { ...headers },
      body: Uint8Array.from(batch.body),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const response = await transport.fetch(request);
    if (response.status === 200 || response.status === 201) {
      return { kind: 'done', uploaded: uploadedOf(response.status, await response.json()) };
    }
    const problem = await readProblem(response);
    if (!isTransient(response.status)) return { kind: 'refused', problem };
    const detail = `${problem.status} ${problem.code}: ${problem.detail}`;
    return { kind: 'unsure', detail, retryAfterMs: retryAfterMs(response) };
  } catch (error) {
    // Connection refused or cut, time-out, or an answer cut short: the batch may or may not have arrived.
    return { kind: 'unsure', detail: reasonOf(error), retryAfterMs: null };
  }
}

function uploadedOf(status: number, body: unknown): Uploaded {
  if (typeof body !== 'object' || body === null || !('receipt' in body)) throw new Error('the answer is not a receipt');
  if ('expired' in body && body.expired === true) return { status: 'expired', receipt: String(body.receipt) };
  // The shape is the network's own contract (core/region/receipt.ts); a client shows it, it decides nothing by it.
  return { status: status === 201 ? 'accepted' : 'repeated', receipt: body as Receipt };
}

/** 408, 425, 429 and everything from 500 on say nothing about the batch itself. */
function isTransient(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

function retryAfterMs(response: Response): number | null {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, 300) * 1000 : null;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
