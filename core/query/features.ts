/** The parameters of OGC API - Features 1.0 (OGC 17-069r4, requirements 7 to 25), parsed once into a narrow type. */
import { err, ok, type Result } from '../result.ts';
import { bboxText, parseBbox, type Bbox } from './area.ts';
import type { QueryRefusal } from './errors.ts';
import { bad, collectParameters, oneOf, parseTime, parseWhole, type Parameters } from './parameters.ts';
import { parseAfter, type At } from './places.ts';

/** Closed at both ends; null: open. */
export type Interval = { readonly fromMs: number | null; readonly untilMs: number | null };

export type FeaturesRequest = {
  readonly bbox: Bbox | null;
  readonly datetime: Interval | null;
  readonly limit: number;
  readonly offset: number;
  readonly after: At | null;
  /** What a cursor belongs to. */
  readonly canonical: string;
};

const FORMS = ['json', 'geojson'] as const;
const USUAL_FEATURES = 100;
export const MAX_FEATURES = 1000;
const MAX_OFFSET = 10_000;
const ANY = 999_999_999;
const SPAN = 'an RFC 3339 time, or an interval such as 2026-11-22T00:00:00Z/.. with .. for an open end';

/** Requirement 8: a parameter that the API does not define is refused. */
export function parseForm(parameters: Parameters): Result<void, QueryRefusal> {
  const given = collectParameters(parameters, { lists: [], singles: ['f'] });
  if (!given.ok) return given;
  const form = oneOf('f', given.value.get('f')?.[0] ?? 'json', FORMS);
  return form.ok ? ok(undefined) : form;
}

export function parseFeaturesRequest(
  collection: string,
  parameters: Parameters,
  cursorKey: string,
): Result<FeaturesRequest, QueryRefusal> {
  const singles = ['bbox', 'datetime', 'limit', 'offset', 'cursor', 'f'];
  const given = collectParameters(parameters, { lists: [], singles });
  if (!given.ok) return given;
  const single = (name: string) => given.value.get(name)?.[0];
  const form = oneOf('f', single('f') ?? 'json', FORMS);
  if (!form.ok) return form;
  const bbox = parseBox(single('bbox'));
  if (!bbox.ok) return bbox;
  const datetime = parseInterval(single('datetime'));
  if (!datetime.ok) return datetime;
  // Requirement 21: more than the most is no error, it is answered with the most.
  const limit = parseWhole('limit', single('limit') ?? String(USUAL_FEATURES), { least: 1, most: ANY });
  if (!limit.ok) return limit;
  const offset = parseWhole('offset', single('offset') ?? '0', { least: 0, most: MAX_OFFSET });
  if (!offset.ok) return offset;
  const canonical = [
    collection,
    bbox.value === null ? '' : bboxText(bbox.value),
    datetime.value?.fromMs ?? '',
    datetime.value?.untilMs ?? '',
  ].join(' ');
  const after = parseAfter(single('cursor'), cursorKey, canonical);
  if (!after.ok) return after;
  return ok({
    bbox: bbox.value,
    datetime: datetime.value,
    limit: Math.min(limit.value, MAX_FEATURES),
    offset: offset.value,
    after: after.value,
    canonical,
  });
}

export function isWithin(ms: number, interval: Interval | null): boolean {
  if (interval === null) return true;
  const { fromMs, untilMs } = interval;
  return (fromMs === null || ms >= fromMs) && (untilMs === null || ms <= untilMs);
}

/** Six numbers have heights, which nothing here is found by: heights are rounded and not all known. */
function parseBox(text: string | undefined): Result<Bbox | null, QueryRefusal> {
  if (text === undefined) return ok(null);
  const parts = text.split(',');
  const [west = '', south = '', low = '', east = '', north = '', high = ''] = parts;
  const isHeight = (part: string) => /^[+-]?\d{1,6}(\.\d{1,15})?$/.test(part.trim());
  if (parts.length !== 6) return parseBbox(text);
  if (!isHeight(low) || !isHeight(high)) return bad('bbox', text, 'heights as numbers');
  return parseBbox([west, south, east, north].join(','));
}

/** Requirement 25; `..` and nothing both mean an open end. */
function parseInterval(text: string | undefined): Result<Interval | null, QueryRefusal> {
  if (text === undefined) return ok(null);
  const ends = text.split('/');
  const isOpen = (end: string) => end === '' || end === '..';
  const parsed: (number | null)[] = [];
  for (const end of ends) {
    if (isOpen(end)) {
      parsed.push(null);
      continue;
    }
    const time = parseTime('datetime', end);
    if (!time.ok) return bad('datetime', text, SPAN);
    parsed.push(time.value);
  }
  const [fromMs = null, untilMs = null] = parsed;
  if (ends.length === 1) return fromMs === null ? bad('datetime', text, SPAN) : ok({ fromMs, untilMs: fromMs });
  if (ends.length !== 2 || (fromMs === null && untilMs === null)) return bad('datetime', text, SPAN);
  if (fromMs !== null && untilMs !== null && untilMs < fromMs)
    return err({
      reason: 'bad-parameter',
      parameter: 'datetime',
      given: text.slice(0, 80),
      expected: 'an end after the beginning',
    });
  return ok({ fromMs, untilMs });
}
