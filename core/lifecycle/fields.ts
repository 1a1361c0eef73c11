/** Fields of unknown JSON, each read into a narrow type or refused with its JSON pointer (RFC 6901). */
import { err, ok, type Result } from '../result.ts';

export type BadField = { readonly reason: 'bad-field'; readonly pointer: string; readonly detail: string };

export type Fields = Readonly<Record<string, unknown>>;
type Read<T> = (value: unknown, pointer: string) => Result<T, BadField>;

export function badField(pointer: string, detail: string): Result<never, BadField> {
  return err({ reason: 'bad-field', pointer, detail });
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Exactly these fields: what nobody reads must not look as if it had been signed for something. */
export function readObject<T extends Readonly<Record<string, unknown>>>(
  given: unknown,
  pointer: string,
  readers: { readonly [K in keyof T]: Read<T[K]> },
): Result<T, BadField> {
  if (!isObject(given)) return badField(pointer, 'must be an object');
  const names = Object.keys(readers);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) return badField(`${pointer}/${escape(unknown)}`, `is none of ${names.join(', ')}`);
  const entries: [string, unknown][] = [];
  for (const name of names) {
    const read = readers[name as keyof T]; // of the names just listed
    const value = read(given[name], `${pointer}/${name}`);
    if (!value.ok) return value;
    entries.push([name, value.value]);
  }
  // One entry for every reader, each with its reader's value.
  return ok(Object.fromEntries(entries) as T);
}

export function whole(least: number, most: number): Read<number> {
  return (value, pointer) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most
      ? ok(value + 0)
      : badField(pointer, `must be a whole number from ${least} to ${most}`);
}

export function orNull<T>(read: Read<T>): Read<T | null> {
  return (value, pointer) => (value === null ? ok(null) : read(value, pointer));
}

export function text(most: number): Read<string> {
  return (value, pointer) =>
    // No control characters, no lone surrogates; what shows as nothing is no text.
    typeof value === 'string' &&
    value.trim() === value &&
    value.length >= 1 &&
    value.length <= most &&
    !/[\p{Cc}\p{Cs}]/u.test(value)
      ? ok(value)
      : badField(pointer, `must be text of 1 to ${most} characters, without control characters and outer spaces`);
}

/** Any parser that answers a Result, with the pointer in place of its own reason. */
export function parsed<T>(parse: (value: unknown) => Result<T, unknown>, detail: string): Read<T> {
  return (value, pointer) => {
    const result = parse(value);
    return result.ok ? result : badField(pointer, detail);
  };
}

function escape(name: string): string {
  return name.slice(0, 40).replaceAll('~', '~0').replaceAll('/', '~1');
}
