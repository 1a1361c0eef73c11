/** The routes of the registry that the page needs. A failure is a sentence that says what happened and what to do. */
import type { Problem, RegionsAnswer, StatusAnswer } from '../../schema/api/public.ts';

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly status: number; readonly code: string; readonly sentence: string };

const TIMEOUT_MS = 15_000;

export const getStatus = (): Promise<Answer<StatusAnswer>> => call('/v1/status');
export const getRegions = (): Promise<Answer<RegionsAnswer>> => call('/v1/regions');

export async function call<T>(path: string, init: RequestInit = {}): Promise<Answer<T>> {
  try {
    const response = await fetch(path, { cache: 'no-cache', signal: AbortSignal.timeout(TIMEOUT_MS), ...init });
    const body: unknown = await response.json();
    // Our own server, whose answers are tested against these types.
    if (response.ok) return { ok: true, value: body as T };
    const { code, title, detail, remedy }: Partial<Problem> = typeof body === 'object' && body !== null ? body : {};
    const what = detail ?? title ?? `${path} answered with status ${response.status}`;
    const sentence = [what.replace(/\.?$/, '.'), ...(remedy === undefined ? [] : [remedy])].join(' ');
    return { ok: false, status: response.status, code: code ?? '', sentence };
  } catch {
    const sentence = `The network did not answer at ${location.host}. Check that this device is online, and try again.`;
    return { ok: false, status: 0, code: 'unreachable', sentence };
  }
}
