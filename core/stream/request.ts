/** What `POST /v1/stream` asks for: devices or an area, quantities, and for how long. */
import type { QueryRefusal } from '../query/errors.ts';
import { parseQuantities } from '../query/observations.ts';
import { collectParameters, oneOf, parseWhole, type Parameters } from '../query/parameters.ts';
import { parseScope, scopeParts, type Scope } from '../query/scope.ts';
import { QUANTITIES, type Quantity } from '../reading/quantity.ts';
import { err, ok, type Result } from '../result.ts';
import type { TimeRules } from '../rules/rule-set.ts';

export type StreamRequest = {
  readonly scope: Scope;
  readonly quantities: readonly Quantity[];
  readonly minutes: number;
  readonly isDryRun: boolean;
};

/** Whole regions apart, the pass names them in an address, which may have 16 KB (Workers limits). */
export const MAX_STREAM_DEVICES = 50;
/** One connection to an object each. */
export const MAX_STREAM_REGIONS = 5;
/** A week. */
const MAX_MINUTES = 10_080;

type Parsed<T> = Result<T, QueryRefusal>;

export function parseStreamRequest(parameters: Parameters): Parsed<StreamRequest> {
  const known = { lists: ['device', 'cell', 'quantity'], singles: ['bbox', 'minutes', 'dry-run'] };
  const given = collectParameters(parameters, known);
  if (!given.ok) return given;
  const scope = parseScope(given.value, MAX_STREAM_DEVICES);
  if (!scope.ok) return scope;
  const quantities = parseQuantities(given.value.get('quantity') ?? []);
  if (!quantities.ok) return quantities;
  if (quantities.value.length === 0) {
    const expected = `one or more of ${QUANTITIES.map(({ code }) => code).join(', ')}`;
    return err({ reason: 'missing-parameter', parameter: 'quantity', expected });
  }
  const minutes = parseWhole('minutes', given.value.get('minutes')?.[0] ?? '60', { least: 1, most: MAX_MINUTES });
  if (!minutes.ok) return minutes;
  const dryRun = oneOf('dry-run', given.value.get('dry-run')?.[0] ?? 'false', ['true', 'false'] as const);
  if (!dryRun.ok) return dryRun;
  const isDryRun = dryRun.value === 'true';
  return ok({ scope: scope.value, quantities: quantities.value, minutes: minutes.value, isDryRun });
}

/** Hours that are begun within the minutes: what a stream is priced and credited by, times devices and quantities. */
export function hoursOfStream(minutes: number, rules: Pick<TimeRules, 'hourSeconds'>): number {
  return Math.ceil((minutes * 60) / rules.hourSeconds);
}

export function canonicalStream({ scope, quantities, minutes }: StreamRequest): string {
  return [...scopeParts(scope), ...quantities.map(({ code }) => `quantity=${code}`), `minutes=${minutes}`].join('&');
}
