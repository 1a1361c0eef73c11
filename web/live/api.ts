/** The free routes, typed. A failure is a sentence that says what happened and what to do. */
import type {
  EpochAnswer,
  EpochsAnswer,
  Problem,
  QuantitiesAnswer,
  RegionAnswer,
  RegionsAnswer,
  StatusAnswer,
} from '../../schema/api/public.ts';

export type Failure = { readonly kind: 'unreachable' | 'refused' | 'missing'; readonly sentence: string };
export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

const TIMEOUT_MS = 10_000;

export const getStatus = (): Promise<Answer<StatusAnswer>> => get('/v1/status');
export const getQuantities = (): Promise<Answer<QuantitiesAnswer>> => get('/v1/quantities');
export const getRegions = (): Promise<Answer<RegionsAnswer>> => get('/v1/regions');
export const getRegion = (cell: string): Promise<Answer<RegionAnswer>> =>
  get(`/v1/regions/${encodeURIComponent(cell)}`);
export const getEpochs = (): Promise<Answer<EpochsAnswer>> => get('/v1/epochs');
export const getEpoch = (epoch: number): Promise<Answer<EpochAnswer>> => get(`/v1/epochs/${epoch}`);

async function get<T>(path: string): Promise<Answer<T>> {
  try {
    const response = await fetch(path, { cache: 'no-cache', signal: AbortSignal.timeout(TIMEOUT_MS) });
    const body: unknown = await response.json();
    // The server is our own and its answers are tested against these types; the page does not check them twice.
    if (response.ok) return { ok: true, value: body as T };
    return {
      ok: false,
      failure: {
        kind: response.status === 404 ? 'missing' : 'refused',
        sentence: problemText(path, response.status, body),
      },
    };
  } catch {
    // Offline, refused, timed out, or not JSON (a proxy's page): the remedy is the same.
    const sentence = `The network did not answer at ${location.host}. Check that it runs and that this device is online.`;
    return { ok: false, failure: { kind: 'unreachable', sentence } };
  }
}

function problemText(path: string, status: number, body: unknown): string {
  const { title, detail, remedy }: Partial<Problem> = typeof body === 'object' && body !== null ? body : {};
  const what = detail ?? title ?? `${path} answered with status ${status}`;
  return remedy === undefined || remedy === '' ? what : `${what.replace(/\.?$/, '.')} ${remedy}`;
}
