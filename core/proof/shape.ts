/** Shapes of parsed JSON, strict: a field that is missing, unknown or of another form is a fault with its place. */
import { base64 } from '@scure/base';
import { ok, type Result } from '../result.ts';
import { rfc3339 } from '../time.ts';
import { fault, type Fault } from './fault.ts';

export type Shape = (given: unknown, at: string) => Result<void, Fault>;

const FITS: Result<void, Fault> = ok(undefined);
const shown = (given: unknown): string => JSON.stringify(given) ?? 'nothing';

export const is =
  (test: (given: unknown) => boolean, expected: string): Shape =>
  (given, at) =>
    test(given) ? FITS : fault('format', at, shown(given), expected);

export const anything: Shape = () => FITS;
export const literal = (wanted: string): Shape => is((given) => given === wanted, `"${wanted}"`);
export const oneOf = (...wanted: readonly string[]): Shape =>
  is((given) => typeof given === 'string' && wanted.includes(given), wanted.join(' or '));
export const text: Shape = is((given) => typeof given === 'string', 'text');
export const value: Shape = is((given) => typeof given === 'number', 'a number');
export const whole: Shape = is((given) => Number.isSafeInteger(given) && Number(given) >= 0, 'a whole number');
export const pattern = (form: RegExp, expected: string): Shape =>
  is((given) => typeof given === 'string' && form.test(given), expected);
export const hex32: Shape = pattern(/^[0-9a-f]{64}$/, '64 lower-case hex digits');
export const timeText: Shape = is(isTime, 'a time in UTC with milliseconds (RFC 3339)');
export const base64Text: Shape = is(isBase64, 'base64 with padding (RFC 4648 section 4)');

export const nullable =
  (shape: Shape): Shape =>
  (given, at) =>
    given === null ? FITS : shape(given, at);

export const list =
  (item: Shape, atLeast: number): Shape =>
  (given, at) => {
    if (!Array.isArray(given) || given.length < atLeast)
      return fault('format', at, shown(given), `a list of ${atLeast} or more`);
    for (const [index, one] of given.entries()) {
      const fits = item(one, `${at}[${index}]`);
      if (!fits.ok) return fits;
    }
    return FITS;
  };

export const record =
  (fields: Readonly<Record<string, Shape>>, optional: Readonly<Record<string, Shape>> = {}): Shape =>
  (given, at) => {
    if (typeof given !== 'object' || given === null || Array.isArray(given))
      return fault('format', at, shown(given), 'an object');
    const place = (name: string): string => (at === '' ? name : `${at}.${name}`);
    const found = new Map<string, unknown>(Object.entries(given));
    // Every object has a `constructor` and a `toString`: only what the shape itself names is known.
    const strange = [...found.keys()].find((name) => !Object.hasOwn(fields, name) && !Object.hasOwn(optional, name));
    if (strange !== undefined) return fault('format', place(strange), strange, 'no such field');
    for (const [name, shape] of Object.entries(fields)) {
      if (!found.has(name)) return fault('format', place(name), 'nothing', 'a field of this name');
      const fits = shape(found.get(name), place(name));
      if (!fits.ok) return fits;
    }
    for (const [name, shape] of Object.entries(optional)) {
      const fits = found.has(name) ? shape(found.get(name), place(name)) : FITS;
      if (!fits.ok) return fits;
    }
    return FITS;
  };

function isTime(given: unknown): boolean {
  if (typeof given !== 'string') return false;
  const ms = Date.parse(given);
  return Number.isFinite(ms) && rfc3339(ms) === given;
}

function isBase64(given: unknown): boolean {
  if (typeof given !== 'string') return false;
  try {
    // One text for the same bytes: unused bits are zero.
    return base64.encode(base64.decode(given)) === given;
  } catch {
    return false;
  }
}
