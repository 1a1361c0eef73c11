/**
 * gzip (RFC 1952) whose bytes are the same on every machine, as those of a library are not. One deflate block with the fixed codes
 * of RFC 1951 section 3.2.6; a text that repeats becomes matches, so that a megabyte fits into a vector.
 */
import { crc32 } from 'node:zlib';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';

/** At most 4 characters where `times` is above 1: such distances have no extra bits. */
export type Run = { readonly text: string; readonly times: number };

const HEADER = Uint8Array.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
const LONGEST = 258;
const SYMBOL_258 = 0xc5;

export function gzipRuns(runs: readonly Run[]): Uint8Array {
  const bits: number[] = [1, 1, 0];
  const code = (value: number, count: number): void => {
    for (let at = count - 1; at >= 0; at--) bits.push((value >> at) & 1);
  };
  const literal = (byte: number): void => code(0x30 + byte, 8);
  for (const { text, times } of runs) {
    const unit = utf8ToBytes(text);
    for (const byte of unit) literal(byte);
    let left = unit.length * (times - 1);
    for (; left >= LONGEST; left -= LONGEST) {
      code(SYMBOL_258, 8);
      code(unit.length - 1, 5);
    }
    // What is left goes on where the matches ended within the unit.
    for (let at = unit.length * times - left; at < unit.length * times; at++) literal(unit[at % unit.length] ?? 0);
  }
  code(0, 7);
  const block = new Uint8Array(Math.ceil(bits.length / 8));
  for (const [at, bit] of bits.entries()) block[at >> 3] = (block[at >> 3] ?? 0) | (bit << (at & 7));
  const whole = utf8ToBytes(runs.map(({ text, times }) => text.repeat(times)).join(''));
  return concatBytes(HEADER, block, little(crc32(whole)), little(whole.length));
}

const little = (value: number): Uint8Array => Uint8Array.from([0, 8, 16, 24], (shift) => (value >>> shift) & 255);
