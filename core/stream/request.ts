/** What `POST /v1/stream` asks for: devices or whole regions, quantities, and for how long. */
import { parseRegionCell, type DeviceId, type RegionCell } from '../ids.ts';
import { parseDevices, parseQuantities } from '../export/request.ts';
import type { QueryRefusal } from '../query/errors.ts';
import { collectParameters, oneOf, parseWhole, type Parameters } from '../query/parameters.ts';
import type { Quantity } from '../reading/quantity.ts';
import { err, ok, type Result } from '../result.ts';
import type { TimeRules } from '../rules/rule-set.ts';

export type StreamScope =
  | { readonly kind: 'devices'; readonly devices: readonly DeviceId[] }
  | { readonly kind: 'cells'; readonly cells: readonly RegionCell[] };

export type StreamRequest = {
  readonly scope: StreamScope;
  readonly quantities: readonly Quantity[];
  readonly minutes: number;
  readonly isDryRun: boolean;
};

/** The pass names them in an address, which may have 16 KB (Workers limits). */
export const MAX_STREAM_DEVICES = 50;
/** One connection to an object each. */
export const MAX_STREAM_REGIONS = 5;
/** A week. */
const MAX_MINUTES = 10_080;

type Parsed<T> = Result<T, QueryRefusal>;

export function parseStreamRequest(parameters: Parameters): Parsed<StreamRequest> {
  const known = { lists: ['device', 'cell', 'quantity'], singles: ['minutes', 'dry-run'] };
  const given = collectParameters(parameters, known);
  if (!given.ok) return given;
  const scope = parseScope(given.value.get('device'), given.value.get('cell'));
  if (!scope.ok) return scope;
  const quantities = parseQuantities(given.value.get('quantity') ?? []);
  if (!quantities.ok) return quantities;
  const minutes = parseWhole('minutes', given.value.get('minutes')?.[0] ?? '60', { least: 1, most: MAX_MINUTES });
  if (!minutes.ok) return minutes;
  const dryRun = oneOf('dry-run', given.value.get('dry-run')?.[0] ?? 'false', ['true', 'false'] as const);
  if (!dryRun.ok) return dryRun;
  const isDryRun = dryRun.value === 'true';
  return ok({ scope: scope.value, quantities: quantities.value, minutes: minutes.value, isDryRun });
}

function parseScope(devices: readonly string[] | undefined, cells: readonly string[] | undefined): Parsed<StreamScope> {
  if ((devices === undefined) === (cells === undefined))
    return err({ reason: 'one-of', parameters: ['device', 'cell'] });
  if (devices !== undefined) return parseDevices(devices, MAX_STREAM_DEVICES);
  const unique = new Set<RegionCell>();
  for (const text of cells ?? []) {
    const parsed = parseRegionCell(text);
    const expected = 'an H3 cell of resolution 3, 15 lower-case hex digits';
    if (!parsed.ok) return err({ reason: 'bad-parameter', parameter: 'cell', given: text.slice(0, 80), expected });
    unique.add(parsed.value);
  }
  if (unique.size > MAX_STREAM_REGIONS)
    return err({ reason: 'too-many-values', parameter: 'cell', count: unique.size, limit: MAX_STREAM_REGIONS });
  return ok({ kind: 'cells', cells: [...unique].toSorted() });
}

/** Hours that are begun within the minutes: what a stream is priced and credited by, times devices and quantities. */
export function hoursOfStream(minutes: number, rules: Pick<TimeRules, 'hourSeconds'>): number {
  return Math.ceil((minutes * 60) / rules.hourSeconds);
}

export function canonicalStream({ scope, quantities, minutes }: StreamRequest): string {
  return [
    ...(scope.kind === 'cells'
      ? scope.cells.map((cell) => `cell=${cell}`)
      : scope.devices.map((one) => `device=${one}`)),
    ...quantities.map(({ code }) => `quantity=${code}`),
    `minutes=${minutes}`,
  ].join('&');
}
