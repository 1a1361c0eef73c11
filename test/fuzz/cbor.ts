/** Changes to CBOR (RFC 8949) as the tree that it is, written back in ways that no encoder chooses. */
import type { Random } from '../chaos/random.ts';
import { changeBytes, growBytes } from './bytes.ts';

/** A data item: major type, argument, and what follows it. */
type Item = {
  readonly major: number;
  readonly argument: bigint;
  /** Bytes of the argument; 0: in the first byte. */
  readonly width: 0 | 1 | 2 | 4 | 8;
  /** Of strings; of floats the bytes of the argument say all. */
  readonly content: Uint8Array;
  readonly items: readonly Item[];
  /** Opened without a length and closed by a break. */
  readonly isOpen: boolean;
};

const NONE = new Uint8Array();
const BREAK = 0xff;
const WIDTHS = [1, 2, 4, 8] as const;
const MOST_DEPTH = 40;
const GROW_EVERY = 400;

const plain = (major: number, argument: bigint, width: Item['width'] = widthOf(argument)): Item => ({
  major, argument, width, content: NONE, items: [], isOpen: false,
}); // prettier-ignore

function widthOf(argument: bigint): Item['width'] {
  if (argument < 24n) return 0;
  if (argument < 0x100n) return 1;
  if (argument < 0x1_0000n) return 2;
  return argument < 0x1_0000_0000n ? 4 : 8;
}

const UNSIGNED = [
  0n,
  1n,
  23n,
  24n,
  255n,
  256n,
  65_535n,
  65_536n,
  2n ** 31n,
  2n ** 32n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 64n - 1n,
] as const;
/** Half-precision 1, NaN, infinity; single NaN; double NaN with a payload, infinity, -0, the largest, a denormal. */
const FLOATS: readonly (readonly [Item['width'], bigint])[] = [
  [2, 0x3c00n], [2, 0x7e00n], [2, 0x7c00n], [2, 0xfc00n], [4, 0x7fc00001n], [4, 0x7f800000n],
  [8, 0x7ff8000000000001n], [8, 0x7ff0000000000000n], [8, 0x8000000000000000n], [8, 0x7fefffffffffffffn], [8, 1n],
]; // prettier-ignore

/** Null: no CBOR, so there is no tree to change. */
export function changeCbor(
  bytes: Uint8Array,
  corpus: readonly Uint8Array[],
  random: Random,
  mostBytes: number,
): Uint8Array | null {
  const tree = parse(bytes);
  if (tree === null) return null;
  const other = random.below(4) === 0 ? parse(random.pick(corpus)) : null;
  let changed = tree;
  for (let times = 1 + random.below(random.below(3) + 1); times > 0; times--)
    changed = changeIn(changed, other, random, mostBytes);
  return write(changed);
}

function parse(bytes: Uint8Array): Item | null {
  const read = readItem(bytes, 0, 0);
  return read === null || read.end !== bytes.length ? null : read.item;
}

function readItem(bytes: Uint8Array, at: number, depth: number): { readonly item: Item; readonly end: number } | null {
  const first = bytes[at];
  if (first === undefined || depth > MOST_DEPTH) return null;
  const major = first >> 5;
  const info = first & 31;
  const width = info < 24 ? 0 : (WIDTHS[info - 24] ?? null);
  // What is open ended is made here, and read as plain bytes.
  if (width === null) return null;
  let argument = width === 0 ? BigInt(info) : 0n;
  for (let byte = 0; byte < width; byte++) argument = (argument << 8n) | BigInt(bytes[at + 1 + byte] ?? 0);
  let end = at + 1 + width;
  const head = plain(major, argument, width);
  if (major === 2 || major === 3) {
    if (argument > BigInt(bytes.length - end)) return null;
    const content = bytes.slice(end, end + Number(argument));
    return { item: { ...head, content }, end: end + content.length };
  }
  if (major < 4 || major === 7) return end > bytes.length ? null : { item: head, end };
  const count = major === 6 ? 1 : Number(argument) * (major === 5 ? 2 : 1);
  if (count > bytes.length - end) return null;
  const items: Item[] = [];
  for (let index = 0; index < count; index++) {
    const read = readItem(bytes, end, depth + 1);
    if (read === null) return null;
    items.push(read.item);
    end = read.end;
  }
  return { item: { ...head, items }, end };
}

function changeIn(item: Item, other: Item | null, random: Random, mostBytes: number): Item {
  if (item.items.length > 0 && random.below(5) > 0) {
    const at = random.below(item.items.length);
    const child = item.items[at];
    return child === undefined
      ? item
      : { ...item, items: item.items.with(at, changeIn(child, other, random, mostBytes)) };
  }
  // A byte string may hold CBOR itself, as a protected header and a payload do.
  const inner = item.major === 2 && item.content.length > 1 && random.below(4) > 0 ? parse(item.content) : null;
  if (inner !== null) return withContent(item, write(changeIn(inner, other, random, mostBytes)));
  return changeItem(item, other, random, mostBytes);
}

/** With the length that belongs to it. */
function withContent(item: Item, content: Uint8Array): Item {
  const argument = BigInt(content.length);
  return { ...item, content, argument, width: widthOf(argument) };
}

function withItems(item: Item, items: readonly Item[]): Item {
  const argument = BigInt(item.major === 5 ? Math.ceil(items.length / 2) : items.length);
  return item.major === 6 ? { ...item, items } : { ...item, items, argument, width: widthOf(argument) };
}

function changeItem(item: Item, other: Item | null, random: Random, mostBytes: number): Item {
  if (random.below(GROW_EVERY) === 0) return grown(item, random, mostBytes);
  if (random.below(8) === 0) return broken(item, random);
  switch (random.below(10)) {
    case 0:
      return oddItem(random);
    case 1:
      return { ...plain(6, BigInt(random.pick([0, 1, 2, 4, 5, 18, 24, 55799]))), items: [item] };
    case 2:
      return other === null ? oddItem(random) : partOf(other, random);
    default:
      return changeInside(item, random);
  }
}

/** What no encoder writes, and what does not fit together. */
function broken(item: Item, random: Random): Item {
  switch (random.below(5)) {
    case 0:
      return { ...item, width: random.pick([0, 1, 2, 4, 8] as const) };
    case 1:
      return { ...item, argument: random.pick(UNSIGNED), width: 8 };
    case 2:
      return { ...item, argument: BigInt.asUintN(64, item.argument + BigInt(random.below(5) - 2)) };
    case 3:
      return { ...item, major: random.below(8) };
    default:
      return { ...item, isOpen: true };
  }
}

function changeInside(item: Item, random: Random): Item {
  if (item.major === 2 || item.major === 3)
    return withContent(item, changeBytes(item.content, random, [item.content], []));
  if (item.items.length === 0) return plain(item.major, random.pick(UNSIGNED));
  const at = random.below(item.items.length);
  const child = item.items[at] ?? oddItem(random);
  switch (random.below(4)) {
    case 0:
      return withItems(item, item.items.toSpliced(at, 0, child));
    case 1:
      return withItems(item, item.items.toSpliced(at, 1));
    case 2:
      return withItems(item, item.items.toReversed());
    default:
      return withItems(item, [...item.items, child, oddItem(random)]);
  }
}

function grown(item: Item, random: Random, mostBytes: number): Item {
  const room = Math.max(1, Math.floor(mostBytes / 2 ** random.below(7)));
  switch (random.below(4)) {
    case 0:
      return withContent(plain(2, 0n), new Uint8Array(room).fill(random.below(256)));
    case 1: {
      // Arrays of one in arrays of one.
      let nested = item;
      for (let depth = 0; depth < Math.min(room, 3000); depth++) nested = { ...plain(4, 1n), items: [nested] };
      return nested;
    }
    case 2:
      return item.content.length > 0
        ? withContent(item, growBytes(item.content, random, room))
        : withContent(plain(3, 0n), new Uint8Array(room).fill(0x61));
    default: {
      const times = Math.max(1, Math.floor(room / write(item).length));
      return withItems(
        plain(random.pick([4, 5]), 0n),
        Array.from({ length: times }, () => item),
      );
    }
  }
}

function oddItem(random: Random): Item {
  switch (random.below(6)) {
    case 0: {
      const [width, argument] = random.pick(FLOATS);
      return plain(7, argument, width);
    }
    case 1:
      return plain(7, BigInt(random.pick([20, 21, 22, 20, 21, 22, 20, 21, 22, 23, 0, 19, 24, 31])), 0);
    case 2:
      return plain(random.below(2), random.pick(UNSIGNED));
    case 3:
      return plain(random.pick([2, 3, 4, 5]), 0n);
    case 4:
      return withContent(
        plain(3, 0n),
        new TextEncoder().encode(random.pick(['toString', '__proto__', 'n', '-1', '', '\ufeff'])),
      );
    default:
      return { ...plain(6, 4n), items: [withItems(plain(4, 0n), [plain(1, 0n), plain(0, random.pick(UNSIGNED))])] };
  }
}

function partOf(item: Item, random: Random): Item {
  let part = item;
  while (part.items.length > 0 && random.below(3) > 0) part = random.pick(part.items);
  return part;
}

function write(item: Item): Uint8Array {
  const pieces: Uint8Array[] = [];
  writeInto(item, pieces);
  return Uint8Array.from(Buffer.concat(pieces));
}

function writeInto(item: Item, pieces: Uint8Array[]): void {
  const canBeOpen = item.isOpen && item.major >= 2 && item.major <= 5;
  pieces.push(canBeOpen ? Uint8Array.of((item.major << 5) | 31) : headOf(item));
  pieces.push(item.content);
  for (const child of item.items) writeInto(child, pieces);
  if (canBeOpen) pieces.push(Uint8Array.of(BREAK));
}

function headOf({ major, argument, width }: Item): Uint8Array {
  if (width === 0) return Uint8Array.of((major << 5) | Number(argument & 31n));
  const head = new Uint8Array(1 + width);
  head[0] = (major << 5) | (24 + WIDTHS.indexOf(width));
  for (let byte = 0; byte < width; byte++) head[width - byte] = Number((argument >> BigInt(8 * byte)) & 0xffn);
  return head;
}
