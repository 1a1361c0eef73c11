/** Small readers that the formats share. */
import { err, ok, type Result } from '../../core/result.ts';
import type { BadReport } from './report.ts';

export function parseJsonObject(text: string): Result<Readonly<Record<string, unknown>>, BadReport> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return ok({ ...value });
    return err({ reason: 'not-readable', detail: 'the body is not a JSON object' });
  } catch {
    return err({ reason: 'not-readable', detail: 'the body is not JSON' });
  }
}

/** Of a name given twice the first counts, however it is written. */
export function lowerCased(pairs: URLSearchParams): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of pairs) if (!found.has(name.toLowerCase())) found.set(name.toLowerCase(), value);
  return found;
}

/** `user:password` of RFC 7617, null where there is none. */
export function basicCredentials(header: string | undefined): string | null {
  const encoded = /^Basic +([A-Za-z0-9+/=_-]+) *$/i.exec(header ?? '')?.[1];
  return encoded === undefined ? null : Buffer.from(encoded, 'base64').toString('utf8');
}
