/** Changes to JSON as the tree that it is, written back with what only its text can hold: 1e999, a name twice, half a surrogate. */
import type { Random } from '../chaos/random.ts';
import { NUMBERS, ODD_TEXT } from './bytes.ts';

/** A value that is written as it stands. */
class Raw {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** As `JSON.parse` gives them: with `toString` a field like any other, and a field that is named `__proto__`. */
type Odd = Raw | string | boolean | null | object;

const ODD_VALUES: readonly (() => Odd)[] = [
  () => null,
  () => true,
  () => false,
  () => '',
  () => [],
  () => ({}),
  () => [[]],
  () => [null],
  () => new Raw('{"toString":1,"valueOf":1}'),
  () => new Raw('{"__proto__":{"x":1}}'),
  () => new Raw('{"length":3}'),
  () => new Raw('{"a":1,"a":2}'),
  () => new Raw('"\\ud800"'),
  () => new Raw('"\\udc00\\ud800"'),
  () => 'x'.repeat(300),
  () => '2026-02-30T00:00:00Z',
  () => '2026-11-22T24:00:00+23:59',
  () => '9999-12-31T23:59:59-23:59',
];

const GROW_EVERY = 400;
const NAMES = [
  '',
  '__proto__',
  'constructor',
  'toString',
  'valueOf',
  'length',
  '0',
  'hasOwnProperty',
  '\u0000',
  'x_',
] as const;

/** Null: no JSON, so there is no tree to change. */
export function changeJson(text: string, others: readonly string[], random: Random, mostBytes: number): string | null {
  const tree = parsed(text);
  if (tree === undefined) return null;
  const other = random.below(4) === 0 ? parsed(random.pick(others)) : undefined;
  let changed: unknown = tree;
  for (let times = 1 + random.below(random.below(3) + 1); times > 0; times--)
    changed = changeIn(changed, other, random, mostBytes);
  return written(changed);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isTree = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !(value instanceof Raw);

/** Copies what lies between the root and the place of the change. */
function changeIn(node: unknown, other: unknown, random: Random, mostBytes: number): unknown {
  if (!isTree(node) || random.below(5) === 0) return changeNode(node, other, random, mostBytes);
  if (Array.isArray(node)) {
    if (node.length === 0) return changeNode(node, other, random, mostBytes);
    const at = random.below(node.length);
    return node.with(at, changeIn(node[at], other, random, mostBytes));
  }
  const fields = Object.entries(node);
  const at = random.below(fields.length);
  const field = fields[at];
  if (field === undefined) return changeNode(node, other, random, mostBytes);
  return fromFields(fields.with(at, [field[0], changeIn(field[1], other, random, mostBytes)]));
}

/** `Object.fromEntries` defines `__proto__` as a field like any other. */
function fromFields(fields: readonly (readonly [string, unknown])[]): unknown {
  return Object.fromEntries(fields);
}

function changeNode(node: unknown, other: unknown, random: Random, mostBytes: number): unknown {
  if (random.below(GROW_EVERY) === 0) return grown(node, random, mostBytes);
  if (random.below(5) === 0) return random.pick(ODD_VALUES)();
  if (other !== undefined && random.below(4) === 0) return partOf(other, random);
  if (typeof node === 'number') return changedNumber(node, random);
  if (typeof node === 'string') return changedText(node, random);
  if (Array.isArray(node)) return changedList(node, random);
  if (isTree(node)) return changedFields(node, random);
  return random.pick(ODD_VALUES)();
}

/** Long, wide or deep. */
function grown(node: unknown, random: Random, mostBytes: number): unknown {
  const room = Math.floor(mostBytes / 2 ** random.below(7));
  const text = written(node);
  switch (random.below(4)) {
    case 0:
      return new Raw('['.repeat(room / 2) + ']'.repeat(room / 2));
    case 1:
      return new Raw('{"a":'.repeat(room / 6) + '1' + '}'.repeat(room / 6));
    case 2:
      return typeof node === 'string'
        ? (node || 'a').repeat(Math.max(1, room / Math.max(1, node.length)))
        : 'a'.repeat(room);
    default: {
      const inner = Array.isArray(node) ? text.slice(1, -1) : text;
      const one = inner === '' || random.below(2) === 0 ? random.pick(['0', '""', '{}']) : inner;
      return new Raw(
        `[${Array.from({ length: Math.max(1, Math.floor(room / (one.length + 1))) }, () => one).join(',')}]`,
      );
    }
  }
}

function partOf(tree: unknown, random: Random): unknown {
  let part = tree;
  while (isTree(part) && random.below(3) > 0) {
    const values: readonly unknown[] = Object.values(part);
    if (values.length === 0) break;
    part = random.pick(values.map((value) => [value] as const))[0];
  }
  return part;
}

function changedNumber(number: number, random: Random): unknown {
  switch (random.below(5)) {
    case 0:
      return number + random.below(3) - 1;
    case 1:
      return -number;
    case 2:
      return number * random.pick([0.5, 10, 1000, 1e-3, 1.000_1]);
    case 3:
      return String(number);
    default: {
      const text = random.pick(NUMBERS);
      return /^-?(0|[1-9]\d*)(\.\d+)?(e-?\d+)?$/.test(text) ? new Raw(text) : text;
    }
  }
}

function changedText(text: string, random: Random): unknown {
  const at = random.below(text.length + 1);
  switch (random.below(8)) {
    case 0:
      return text.slice(0, at) + random.pick(ODD_TEXT) + text.slice(at);
    case 1:
      return text.slice(0, at);
    case 2:
      return text + text;
    case 3:
      return text.toUpperCase();
    case 4:
      return text.slice(0, at) + text.slice(at + 1);
    case 5:
      return text.slice(0, at) + random.pick(NUMBERS) + text.slice(Math.min(text.length, at + 2));
    case 6:
      return text.slice(0, at) + String.fromCharCode(random.below(0x80)) + text.slice(at + 1);
    default:
      return text === '' ? 'a' : Number(text);
  }
}

function changedList(list: readonly unknown[], random: Random): unknown {
  const at = random.below(list.length + 1);
  const one = list[random.below(Math.max(1, list.length))];
  switch (random.below(5)) {
    case 0:
      return [...list.slice(0, at), one, ...list.slice(at)];
    case 1:
      return list.toSpliced(at, 1);
    case 2:
      return list.toReversed();
    case 3:
      return [...list, random.pick(ODD_VALUES)()];
    default:
      return one ?? null;
  }
}

function changedFields(node: object, random: Random): unknown {
  const fields: (readonly [string, unknown])[] = Object.entries(node);
  const at = random.below(fields.length);
  const field = fields[at];
  if (field === undefined) return fromFields([[random.pick(NAMES), random.pick(ODD_VALUES)()]]);
  const [name, value] = field;
  const another = fields[random.below(fields.length)]?.[0] ?? '';
  switch (random.below(6)) {
    case 0:
      return fromFields(fields.toSpliced(at, 1));
    case 1:
      return fromFields([...fields, [random.pick(NAMES), random.pick(ODD_VALUES)()]]);
    case 2:
      return fromFields(fields.with(at, [another, value]));
    case 3:
      return fromFields(fields.toReversed());
    case 4:
      return fromFields([...fields, [random.pick(NAMES), value]]);
    default: {
      // The same name twice, which a parsed tree cannot hold.
      const text = written(fromFields(fields));
      return new Raw(`${text.slice(0, -1)},${JSON.stringify(name)}:${written(random.pick(ODD_VALUES)())}}`);
    }
  }
}

function written(value: unknown): string {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(written).join(',')}]`;
  if (!isTree(value)) return JSON.stringify(value) ?? 'null';
  return `{${Object.entries(value)
    .map(([name, of]) => `${JSON.stringify(name)}:${written(of)}`)
    .join(',')}}`;
}
