/**
 * RFC 8428: a SenML pack, resolved (section 4.6) into records that stand alone. Knows nothing of our quantities.
 * No clock: `nowMs` is passed in.
 */
import type { PackRefusal } from '../errors.ts';
import { MAX_RECORDS } from '../ingest/limits.ts';
import { err, ok, type Result } from '../result.ts';

export type ResolvedRecord = {
  readonly name: string;
  /** Null: neither `u` nor `bu`. */
  readonly unit: string | null;
  /** Absolute, seconds since the Unix epoch. */
  readonly timeSeconds: number;
  readonly value: number | string | boolean;
  /** Position in the pack. */
  readonly record: number;
};

/** Below 2^28 a time is relative to now (RFC 8428 section 4.5.3). */
const RELATIVE_BELOW = 268_435_456;
/** Year 5138: a larger time was written in milliseconds. */
const LATEST_SECONDS = 1e11;
/**
 * Feature bits that we know: 10 is the base version of RFC 8428, 16 stands for secondary units (RFC 9100 section 3).
 * Versions below 10 are drafts of the same format, and RFC 8428 section 4.4 refuses only what is above one's own.
 */
const BASE_VERSION = 10;
const SECONDARY_UNITS_VERSION = 26;

const NAME = /^[A-Za-z0-9][A-Za-z0-9\-:./_]*$/;

type Bases = {
  name: string;
  time: number;
  unit: string | null;
  value: number | null;
  version: number | null;
  /** Whole names by `n`, checked, under the base name in force: a pack repeats a few of them. */
  names: Map<string, string>;
};
type Fields = Readonly<Record<string, unknown>>;

const refuse = (record: number, detail: string): Result<never, PackRefusal> =>
  err({ reason: 'not-senml', record, detail });

export function readJsonPack(text: string): Result<unknown, PackRefusal> {
  try {
    return ok(JSON.parse(text));
  } catch (error) {
    // The only exception a parser of untrusted text may meet: a SyntaxError whose message quotes a few characters of it.
    return err({ reason: 'not-json', detail: error instanceof Error ? error.message.slice(0, 120) : 'not valid JSON' });
  }
}

/** @param pack as JSON.parse gives it; cbor.ts makes the same of the compact form */
export function resolvePack(pack: unknown, nowMs: number): Result<readonly ResolvedRecord[], PackRefusal> {
  if (!Array.isArray(pack)) return refuse(0, 'a SenML pack is an array of records');
  const records: readonly unknown[] = pack;
  if (records.length > MAX_RECORDS)
    return err({ reason: 'too-many-records', count: records.length, limit: MAX_RECORDS });

  const bases: Bases = { name: '', time: 0, unit: null, value: null, version: null, names: new Map() };
  const resolved: ResolvedRecord[] = [];
  for (let index = 0; index < records.length; index += 1) {
    const fields = records[index];
    if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
      return refuse(index, 'a record is a map of labels');
    const one = resolveRecord(fields as Fields, bases, index, nowMs);
    if (!one.ok) return one;
    if (one.value !== null) resolved.push(one.value);
  }
  return resolved.length === 0 ? err({ reason: 'empty-pack' }) : ok(resolved);
}

/** Null: the record carries base fields only. Updates `bases`, which hold until redefined (section 4.1). */
function resolveRecord(
  fields: Fields,
  bases: Bases,
  record: number,
  nowMs: number,
): Result<ResolvedRecord | null, PackRefusal> {
  let regular = 0;
  for (const label in fields) {
    const value = fields[label];
    switch (label) {
      case 'bn':
        if (typeof value !== 'string') return refuse(record, 'bn is a string');
        bases.name = value;
        bases.names = new Map();
        break;
      case 'bt':
        if (!isFinite(value)) return refuse(record, 'bt is a number of seconds');
        bases.time = value;
        break;
      case 'bu':
        if (typeof value !== 'string') return refuse(record, 'bu is a string');
        bases.unit = value;
        break;
      case 'bv':
        if (!isFinite(value)) return refuse(record, 'bv is a number');
        bases.value = value;
        break;
      case 'bver': {
        const bad = checkVersion(value, bases.version);
        if (bad !== null) return refuse(record, bad);
        bases.version = value as number;
        break;
      }
      case 'bs':
        if (!isFinite(value)) return refuse(record, 'bs is a number');
        break;
      case 'n':
      case 'u':
        if (typeof value !== 'string') return refuse(record, `${label} is a string`);
        regular += 1;
        break;
      case 't':
      case 's':
      case 'ut':
        if (!isFinite(value)) return refuse(record, `${label} is a number`);
        regular += 1;
        break;
      case 'v':
      case 'vs':
      case 'vb':
      case 'vd':
        regular += 1;
        break;
      default:
        // Section 4.4: a label ending in an underscore must be understood. This covers "__proto__" too.
        if (label.endsWith('_')) return refuse(record, `the label ${label.slice(0, 40)} must be understood and is not`);
    }
  }
  if (regular === 0) return ok(null);

  const value = valueOf(fields, bases.value, record);
  if (!value.ok) return value;
  const name = nameOf((fields['n'] as string | undefined) ?? '', bases);
  if (name === null) {
    return refuse(record, 'a name starts with a letter or digit and has only letters, digits and - : . / _');
  }
  const sum = bases.time + ((fields['t'] as number | undefined) ?? 0);
  const timeSeconds = sum < RELATIVE_BELOW ? nowMs / 1000 + sum : sum;
  if (timeSeconds < 0 || timeSeconds > LATEST_SECONDS)
    return refuse(record, 'times are in seconds since 1970, not in milliseconds');
  return ok({ name, unit: (fields['u'] as string | undefined) ?? bases.unit, timeSeconds, value: value.value, record });
}

/** Null: the characters are not those of RFC 8428 section 4.5.1. */
function nameOf(suffix: string, bases: Bases): string | null {
  const known = bases.names.get(suffix);
  if (known !== undefined) return known;
  const name = bases.name + suffix;
  if (!NAME.test(name)) return null;
  bases.names.set(suffix, name);
  return name;
}

/** Exactly one of v, vs, vb, vd (section 4.2); a missing `v` counts as 0 where a base value is in force. */
function valueOf(
  fields: Fields,
  baseValue: number | null,
  record: number,
): Result<number | string | boolean, PackRefusal> {
  const { v, vs, vb, vd } = fields;
  const given =
    (v === undefined ? 0 : 1) + (vs === undefined ? 0 : 1) + (vb === undefined ? 0 : 1) + (vd === undefined ? 0 : 1);
  if (given > 1) return refuse(record, 'a record has one of v, vs, vb and vd');
  if (v !== undefined) {
    if (typeof v !== 'number') return err({ reason: 'not-a-number', record, given: v === null ? 'null' : typeof v });
    // JSON.parse reads 1e999 as Infinity: it stays a number and is refused as out of type by whoever knows the type.
    return ok(v + (baseValue ?? 0));
  }
  if (vs !== undefined) return typeof vs === 'string' ? ok(vs) : refuse(record, 'vs is a string');
  if (vb !== undefined) return typeof vb === 'boolean' ? ok(vb) : refuse(record, 'vb is true or false');
  if (vd !== undefined) return typeof vd === 'string' ? ok(vd) : refuse(record, 'vd is a base64url string');
  if (baseValue !== null) return ok(baseValue);
  return refuse(
    record,
    fields['s'] === undefined ? 'the record has no value' : 'a sum without a value is not accepted',
  );
}

/** What is wrong with it, or null. */
function checkVersion(value: unknown, before: number | null): string | null {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) return 'bver is a positive whole number';
  if (value > BASE_VERSION && value !== SECONDARY_UNITS_VERSION)
    return `bver ${value} has features that are not understood`;
  if (before !== null && before !== value) return 'bver is the same in all records';
  return null;
}

function isFinite(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
