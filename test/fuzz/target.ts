/**
 * What is fuzzed: a decoder at a border, real examples of what it reads, and what must hold whatever it is given. A target
 * throws only where something is wrong; the label that it returns says how the input was judged.
 */
import type { Result } from '../../core/result.ts';

/** How inputs are changed, beside their bytes: as the tree or the list that they are. */
export type Form = 'bytes' | 'text' | 'json' | 'cbor';

/** `ok`, or why the input was refused. Inputs with labels not seen before are changed further. */
export type Label = string;

export type Target = {
  readonly name: string;
  readonly form: Form;
  readonly seeds: readonly Uint8Array[];
  /** Words of the format that no seed happens to have. */
  readonly words?: readonly string[];
  readonly run: (input: Uint8Array) => Label | Promise<Label>;
  /** What the border lets through; the engine makes nothing larger. */
  readonly mostBytes: number;
  /** What a kilobyte may take, where each line of it costs an exception or a hash. */
  readonly mostMsPerKb?: number;
  /** Of the inputs of a run in continuous integration: those that hash or inflate are slow. */
  readonly share?: number;
};

const utf8 = new TextEncoder();
const lossy = new TextDecoder();

export const bytesOf = (text: string): Uint8Array => utf8.encode(text);
export const jsonBytes = (value: unknown): Uint8Array => utf8.encode(JSON.stringify(value));
export const textOf = (bytes: Uint8Array): string => lossy.decode(bytes);

/** As a server reads a header field: one byte a character, nothing that ends a line. */
export function headerOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) if (byte !== 0 && byte !== 10 && byte !== 13) text += String.fromCharCode(byte);
  return text.trim();
}

export function labelOf(result: Result<unknown, { readonly reason: string }>): Label {
  return result.ok ? 'ok' : result.error.reason;
}

/** Undefined: no JSON. */
export function parsedJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(bytes));
  } catch {
    return undefined;
  }
}

export type Fields = Readonly<Record<string, unknown>>;

/** Null: no JSON object. */
export function parsedObject(bytes: Uint8Array): Fields | null {
  const value = parsedJson(bytes);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

/** A property of what was accepted does not hold. */
export class Violation extends Error {}

export function must(holds: boolean, what: string): void {
  if (!holds) throw new Violation(what);
}

export function mustBeSame(one: Uint8Array, other: Uint8Array, what: string): void {
  must(Buffer.compare(one, other) === 0, what);
}

/** cborg drops a byte order mark at the beginning of a text, one each time (decision 0041): no identity to ask for. */
export function hasByteOrderMark(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('\ufeff');
}
