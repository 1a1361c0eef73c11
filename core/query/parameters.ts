/** Parts of a query string, parsed with the parameter's name in every refusal. */
import { err, ok, type Result } from '../result.ts';
import { rfc3339 } from '../time.ts';
import type { QueryRefusal } from './errors.ts';

export type Parameters = Iterable<readonly [string, string]>;
/** Values by name; those of a list are split at commas. */
export type Given = ReadonlyMap<string, readonly string[]>;
type Parsed<T> = Result<T, QueryRefusal>;

/** RFC 3339 section 5.6; the offset is required, so that no answer depends on somebody's time zone. */
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;

export function bad(parameter: string, given: string, expected: string): Result<never, QueryRefusal> {
  return err({ reason: 'bad-parameter', parameter, given: given.slice(0, 80), expected });
}

/** Refuses what is not known, and what is given twice and is no list. */
export function collectParameters(
  parameters: Parameters,
  known: { readonly lists: readonly string[]; readonly singles: readonly string[] },
): Parsed<Given> {
  const collected = new Map<string, string[]>();
  const names = [...known.lists, ...known.singles];
  for (const [name, text] of parameters) {
    if (!names.includes(name)) return err({ reason: 'unknown-parameter', parameter: name.slice(0, 80), known: names });
    const values = collected.get(name);
    const isList = known.lists.includes(name);
    if (values && !isList) return err({ reason: 'repeated-parameter', parameter: name });
    const more = isList ? text.split(',').map((item) => item.trim()) : [text];
    if (values === undefined) collected.set(name, more);
    else for (const item of more) values.push(item);
  }
  return ok(collected);
}

export function parseTime(parameter: string, text: string | undefined): Parsed<number> {
  const expected = 'RFC 3339 with an offset, such as 2026-11-22T00:00:00Z';
  if (text === undefined) return err({ reason: 'missing-parameter', parameter, expected });
  // A plus sign that was not percent-encoded arrives as a space (URL Standard, application/x-www-form-urlencoded).
  const restored = text.replace(/ (?=\d\d:\d\d$)/, '+');
  const ms = RFC_3339.test(restored) && isDate(restored.slice(0, 10)) ? Date.parse(restored) : Number.NaN;
  return Number.isSafeInteger(ms) && ms >= 0 ? ok(ms) : bad(parameter, text, expected);
}

/** Half-open [fromMs, untilMs) that begins in the past. */
export function parseSpan(given: Given, nowMs: number): Parsed<{ readonly fromMs: number; readonly untilMs: number }> {
  const single = (name: string) => given.get(name)?.[0];
  const from = parseTime('from', single('from'));
  if (!from.ok) return from;
  const until = parseTime('until', single('until'));
  if (!until.ok) return until;
  if (until.value <= from.value) return bad('until', single('until') ?? '', 'a time after `from`');
  if (from.value >= nowMs) return bad('from', single('from') ?? '', 'a time in the past');
  return ok({ fromMs: from.value, untilMs: until.value });
}

/** Date.parse reads 30 February as 2 March. */
function isDate(date: string): boolean {
  const ms = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(ms) && rfc3339(ms).startsWith(date);
}

export function oneOf<const T extends string>(parameter: string, text: string, allowed: readonly T[]): Parsed<T> {
  const found = allowed.find((item) => item === text);
  return found === undefined ? bad(parameter, text, allowed.join(' or ')) : ok(found);
}

/** Each once, in the order of `allowed`, whatever the order in which they were given. */
export function someOf<const T extends string>(
  parameter: string,
  texts: readonly string[],
  allowed: readonly T[],
): Parsed<readonly T[]> {
  for (const text of texts) {
    if (!allowed.some((item) => item === text)) return bad(parameter, text, `one or more of ${allowed.join(', ')}`);
  }
  return ok(allowed.filter((item) => texts.includes(item)));
}

export function parseWhole(
  parameter: string,
  text: string,
  { least, most }: { readonly least: number; readonly most: number },
): Parsed<number> {
  const whole = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  return whole >= least && whole <= most ? ok(whole) : bad(parameter, text, `a whole number from ${least} to ${most}`);
}
