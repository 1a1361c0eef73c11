/** In which formats data is answered, and which of them a request wants: `format=` decides, else `Accept` (RFC 9110 section 12.5.1). */
import { err, ok, type Result } from '../result.ts';
import type { QueryRefusal } from './errors.ts';
import { oneOf } from './parameters.ts';

/** In the order of preference where a client takes several equally. */
export const FORMATS = ['json', 'csv', 'ndjson', 'geojson', 'parquet'] as const;
export type Format = (typeof FORMATS)[number];

/** The first of each is what we send. */
const MEDIA_TYPES: Readonly<Record<Format, readonly string[]>> = {
  json: ['application/json'],
  csv: ['text/csv'],
  ndjson: ['application/x-ndjson', 'application/ndjson', 'application/jsonl', 'application/x-jsonlines'],
  geojson: ['application/geo+json', 'application/vnd.geo+json'],
  parquet: ['application/vnd.apache.parquet', 'application/x-parquet'],
};

export function mediaTypeOf(format: Format): string {
  const [type = ''] = MEDIA_TYPES[format];
  return type;
}

/** With its parameters: RFC 4180 section 3 for CSV. */
export function contentTypeOf(format: Format): string {
  return format === 'csv' ? 'text/csv; charset=utf-8; header=present' : mediaTypeOf(format);
}

export function chooseFormat<F extends Format>(
  given: { readonly format: string | undefined; readonly accept: string | undefined },
  offered: readonly F[],
): Result<F, QueryRefusal> {
  if (given.format !== undefined) return oneOf('format', given.format, offered);
  const chosen = negotiate(given.accept, offered);
  const mediaTypes = offered.map((format) => mediaTypeOf(format));
  return chosen === null ? err({ reason: 'not-acceptable', accept: given.accept ?? '', mediaTypes }) : ok(chosen);
}

type Range = { readonly type: string; readonly subtype: string; readonly quality: number };

/** Null: nothing of what is offered is acceptable. No header: the first. */
function negotiate<F extends Format>(accept: string | undefined, offered: readonly F[]): F | null {
  const ranges = parseAccept(accept ?? '*/*');
  let best: { readonly format: F; readonly quality: number } | null = null;
  for (const format of offered) {
    const quality = Math.max(...MEDIA_TYPES[format].map((name) => qualityOf(name, ranges)));
    if (quality > 0 && (best === null || quality > best.quality)) best = { format, quality };
  }
  return best?.format ?? null;
}

function parseAccept(header: string): readonly Range[] {
  return header.split(',').flatMap((item) => {
    const [range = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    const [type = '', subtype = ''] = range.split('/');
    if (type === '' || subtype === '') return [];
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
    // What is not a weight is not a wish (RFC 9110 section 12.4.2).
    const quality = /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight) ? Number(weight) : 0;
    return [{ type, subtype, quality }];
  });
}

/** The most specific range that matches decides, also where its weight is lower. */
function qualityOf(name: string, ranges: readonly Range[]): number {
  const [type, subtype] = name.split('/');
  const exact = ranges.find((range) => range.type === type && range.subtype === subtype);
  const ofType = ranges.find((range) => range.type === type && range.subtype === '*');
  const any = ranges.find((range) => range.type === '*' && range.subtype === '*');
  return (exact ?? ofType ?? any)?.quality ?? 0;
}
