/** Changes to bytes that know nothing of their meaning, except that some of them look like numbers, lists or lengths. */
import type { Random } from '../chaos/random.ts';

const EDGES = [0, 1, 0x0a, 0x20, 0x22, 0x2f, 0x39, 0x7f, 0x80, 0xc0, 0xed, 0xf5, 0xfe, 0xff] as const;

/** Extremes of the number types that a decoder may use, as text. */
export const NUMBERS = [
  '0', '-0', '-1', '00', '1e999', '-1e999', '1e-999', '0.1', '.5', '5.', '1e1', '0x10', '2147483647', '2147483648', '4294967296',
  '268435456', '9007199254740991', '9007199254740993', '18446744073709551616', '99999999999', '1e308', 'NaN', 'Infinity',
] as const; // prettier-ignore

/** What readers of text stumble over: separators, signs of other formats, and characters that are not what they look like. */
export const ODD_TEXT = [
  '\u0000', '\ufeff', '\u2028', '\u00a0', '\u0130', 'ﬀ', '٣', '\u202e', '😀', 'é', '%', '%00', '%ff', '+', '"', '\\', "'", '\r\n', '\t', ';', ',', '=', ':',
  '__proto__', 'constructor', 'toString', '../', '..', '[]', '{}', 'null', 'true', '?0',
] as const; // prettier-ignore

const SEPARATORS = ['&', ',', ';', '=', ':', '.', '/', ' ', '\n', '"', '-'] as const;

const utf8 = new TextEncoder();

export type Change = (
  input: Uint8Array,
  random: Random,
  corpus: readonly Uint8Array[],
  words: readonly string[],
) => Uint8Array;

const CHANGES: readonly Change[] = [
  flipBit, flipBit, setByte, setByte, insertBytes, removeRange, repeatRange, moveRange, truncate, splice, insertWord, insertWord,
  changeNumber, changeNumber, changeLength, swapPieces, swapPieces, dropPiece, insertOddText,
]; // prettier-ignore

export function changeBytes(
  input: Uint8Array,
  random: Random,
  corpus: readonly Uint8Array[],
  words: readonly string[],
): Uint8Array {
  let changed = input;
  for (let times = 1 + random.below(random.below(3) + 1); times > 0; times--)
    changed = random.pick(CHANGES)(changed, random, corpus, words);
  return changed;
}

/** One stretch, many times over: what a decoder does with it must not grow faster than it. */
export function growBytes(input: Uint8Array, random: Random, mostBytes: number): Uint8Array {
  const [from, until] = rangeIn(input, random);
  const piece = input.subarray(from, until);
  if (piece.length === 0) return input;
  // Every size as likely as twice that size.
  const wanted = Math.floor(mostBytes / 2 ** random.below(8)) - input.length;
  const times = Math.max(1, Math.floor(wanted / piece.length));
  const many = new Uint8Array(piece.length * times);
  for (let at = 0; at < many.length; at += piece.length) many.set(piece, at);
  return replaced(input, from, until, many);
}

export function replaced(input: Uint8Array, from: number, until: number, by: Uint8Array): Uint8Array {
  const output = new Uint8Array(input.length - (until - from) + by.length);
  output.set(input.subarray(0, from));
  output.set(by, from);
  output.set(input.subarray(until), from + by.length);
  return output;
}

/** Short stretches are likelier than long ones. */
function rangeIn(input: Uint8Array, random: Random): readonly [number, number] {
  const from = random.below(input.length + 1);
  const most = input.length - from;
  const length = random.below(4) === 0 ? random.below(most + 1) : Math.min(most, 1 + random.below(12));
  return [from, from + length];
}

function flipBit(input: Uint8Array, random: Random): Uint8Array {
  if (input.length === 0) return input;
  const output = input.slice();
  const at = random.below(output.length);
  output[at] = (output[at] ?? 0) ^ (1 << random.below(8));
  return output;
}

function setByte(input: Uint8Array, random: Random): Uint8Array {
  if (input.length === 0) return input;
  const output = input.slice();
  output[random.below(output.length)] = random.below(2) === 0 ? random.pick(EDGES) : random.below(256);
  return output;
}

function insertBytes(input: Uint8Array, random: Random): Uint8Array {
  const at = random.below(input.length + 1);
  const added = Uint8Array.from({ length: 1 + random.below(8) }, () => random.below(256));
  return replaced(input, at, at, added);
}

function removeRange(input: Uint8Array, random: Random): Uint8Array {
  const [from, until] = rangeIn(input, random);
  return replaced(input, from, until, new Uint8Array());
}

function repeatRange(input: Uint8Array, random: Random): Uint8Array {
  const [from, until] = rangeIn(input, random);
  return replaced(input, until, until, input.slice(from, until));
}

function moveRange(input: Uint8Array, random: Random): Uint8Array {
  const [from, until] = rangeIn(input, random);
  const piece = input.slice(from, until);
  const rest = replaced(input, from, until, new Uint8Array());
  const at = random.below(rest.length + 1);
  return replaced(rest, at, at, piece);
}

function truncate(input: Uint8Array, random: Random): Uint8Array {
  const at = random.below(input.length + 1);
  return random.below(4) === 0 ? input.slice(at) : input.slice(0, at);
}

function splice(input: Uint8Array, random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  const other = random.pick(corpus);
  const [from, until] = rangeIn(input, random);
  const [begin, end] = rangeIn(other, random);
  return random.below(2) === 0
    ? replaced(input, from, input.length, other.slice(begin))
    : replaced(input, from, until, other.slice(begin, end));
}

function insertWord(input: Uint8Array, random: Random, _: readonly Uint8Array[], words: readonly string[]): Uint8Array {
  if (words.length === 0) return setByte(input, random);
  const [from, until] = rangeIn(input, random);
  return replaced(input, from, random.below(2) === 0 ? from : until, utf8.encode(random.pick(words)));
}

function insertOddText(input: Uint8Array, random: Random): Uint8Array {
  const at = random.below(input.length + 1);
  return replaced(input, at, at, utf8.encode(random.pick(ODD_TEXT)));
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

/** A run of decimal digits becomes another number. */
function changeNumber(input: Uint8Array, random: Random): Uint8Array {
  const start = random.below(input.length + 1);
  let from = start;
  while (from < input.length && !isDigit(input[from])) from++;
  let until = from;
  while (until < input.length && isDigit(input[until])) until++;
  if (from === until) return flipBit(input, random);
  if (random.below(2) === 0) return replaced(input, from, until, utf8.encode(random.pick(NUMBERS)));
  const number = Number(textBetween(input, from, Math.min(until, from + 15)));
  return replaced(input, from, until, utf8.encode(String(number + random.below(5) - 2)));
}

function textBetween(input: Uint8Array, from: number, until: number): string {
  return String.fromCharCode(...input.subarray(from, until));
}

/** One, two or four bytes that may be a length, near what they were or at an end of their range. */
function changeLength(input: Uint8Array, random: Random): Uint8Array {
  const width = 2 ** random.below(3);
  if (input.length < width) return flipBit(input, random);
  const output = input.slice();
  const at = random.below(output.length - width + 1);
  const extreme = random.pick([0, 1, 0x7f, 0x80, 0xff, input.length, input.length - at, 2 ** 31 - 1, 2 ** 32 - 1]);
  for (let byte = 0; byte < width; byte++) output[at + byte] = Math.floor(extreme / 256 ** (width - 1 - byte)) % 256;
  return output;
}

function piecesOf(input: Uint8Array, random: Random): { readonly pieces: Uint8Array[]; readonly separator: number } {
  const separator = random.pick(SEPARATORS).charCodeAt(0);
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (let at = 0; at <= input.length; at++) {
    if (at < input.length && input[at] !== separator) continue;
    pieces.push(input.subarray(from, at));
    from = at + 1;
  }
  return { pieces, separator };
}

function joined(pieces: readonly Uint8Array[], separator: number): Uint8Array {
  const output = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0) + Math.max(0, pieces.length - 1));
  let at = 0;
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) output[at++] = separator;
    output.set(piece, at);
    at += piece.length;
  }
  return output;
}

function swapPieces(input: Uint8Array, random: Random): Uint8Array {
  const { pieces, separator } = piecesOf(input, random);
  const [one, other] = [random.below(pieces.length), random.below(pieces.length)];
  const [first, second] = [pieces[one], pieces[other]];
  if (first === undefined || second === undefined || one === other) return flipBit(input, random);
  pieces[one] = second;
  // Twice the same instead of an exchange, sometimes.
  if (random.below(3) > 0) pieces[other] = first;
  return joined(pieces, separator);
}

function dropPiece(input: Uint8Array, random: Random): Uint8Array {
  const { pieces, separator } = piecesOf(input, random);
  if (pieces.length < 2) return removeRange(input, random);
  pieces.splice(random.below(pieces.length), 1, ...(random.below(3) === 0 ? [new Uint8Array()] : []));
  return joined(pieces, separator);
}
