/**
 * SenML in CBOR (RFC 8428 section 6) as the records that its JSON form would be: integer labels by their names, decimal
 * fractions as the numbers that their decimal text reads as. From there on both forms are one.
 */
import { base64urlnopad } from '@scure/base';
import { Tagged } from 'cborg';
import type { PackRefusal } from '../errors.ts';
import { err, ok, type Result } from '../result.ts';
import { decodeStrict } from '../strict-cbor.ts';

/** RFC 8428 table 4. */
const LABELS: ReadonlyMap<number, string> = new Map([
  [-6, 'bs'],
  [-5, 'bv'],
  [-4, 'bu'],
  [-3, 'bt'],
  [-2, 'bn'],
  [-1, 'bver'],
  [0, 'n'],
  [1, 'u'],
  [2, 'v'],
  [3, 'vs'],
  [4, 'vb'],
  [5, 's'],
  [6, 't'],
  [7, 'ut'],
  [8, 'vd'],
]);
/** RFC 8949 section 3.4.4: [exponent, mantissa]. */
const DECIMAL_FRACTION = 4;
/** A double has no more decimal places worth naming. */
const MAX_EXPONENT = 30;

/** A pack as `JSON.parse` would give it; whether it is SenML is for resolve.ts to say. */
export function readCborPack(bytes: Uint8Array): Result<unknown, PackRefusal> {
  let pack: unknown;
  try {
    pack = decodeStrict(bytes, DECIMAL_FRACTION);
  } catch (error) {
    // cborg throws for every kind of malformed input, and says which.
    return err({ reason: 'not-cbor', detail: error instanceof Error ? error.message.slice(0, 120) : 'not CBOR' });
  }
  return ok(Array.isArray(pack) ? pack.map(toRecord) : pack);
}

function toRecord(item: unknown): unknown {
  if (!(item instanceof Map)) return item;
  // No prototype: a label is never taken for something that every object has.
  const record: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [label, value] of item) {
    const name = nameOf(label);
    if (name === 'vd') record[name] = toBinary(value);
    // An unsigned integer and nothing else, where a number may be a decimal fraction.
    else record[name] = name === 'bver' && value instanceof Tagged ? null : toValue(value);
  }
  return record;
}

/** In CBOR a byte string (section 6), in JSON its base64url. */
const toBinary = (value: unknown): string | null => (value instanceof Uint8Array ? base64urlnopad.encode(value) : null);

/** Labels that are not known are kept under names that nothing reads: section 4.4 lets a reader pass over them. */
function nameOf(label: unknown): string {
  const known = typeof label === 'number' ? LABELS.get(label) : undefined;
  if (known !== undefined) return known;
  if (typeof label === 'string' && !KNOWN_NAMES.has(label)) return label;
  // A label may be a list, which nests as deeply as its sender likes and is not turned to text.
  return typeof label === 'number' || typeof label === 'string' ? `#${label}` : '#';
}

/** In CBOR a known label is its number, and text that looks like it is another label (section 6). */
const KNOWN_NAMES: ReadonlySet<string> = new Set(LABELS.values());

function toValue(value: unknown): unknown {
  if (!(value instanceof Tagged)) return value;
  const [exponent, mantissa, ...more]: readonly unknown[] = Array.isArray(value.value) ? value.value : [];
  const isFraction =
    more.length === 0 &&
    typeof exponent === 'number' &&
    typeof mantissa === 'number' &&
    Number.isSafeInteger(mantissa) &&
    Number.isSafeInteger(exponent) &&
    Math.abs(exponent) <= MAX_EXPONENT;
  // The decimal text reads as the nearest double, on every engine; a product of powers would not.
  return isFraction ? Number(`${mantissa}e${exponent}`) : null;
}
