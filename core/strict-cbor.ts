/** CBOR (RFC 8949) of strangers: definite lengths, no label twice, nothing that has two readings. */
import { decode, Tagged } from 'cborg';

const PLAIN = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  rejectDuplicateMapKeys: true,
  // Nothing of ours is beyond 2^53, and a bigint in its place breaks the first sum that it meets.
  allowBigInt: false,
} as const;

const OPTIONS = { ...PLAIN, useMaps: true } as const;

/**
 * What we write ourselves, and strangers may hand on: maps are objects. Beside definite lengths this keeps out the break, which
 * the decoder would else give as a value where an item is due.
 */
export function decodePlain(bytes: Uint8Array): unknown {
  return decode(bytes, PLAIN);
}

/** @param tag that may occur and comes as a `Tagged`. Throws, as cborg does, for every kind of malformed input. */
export function decodeStrict(bytes: Uint8Array, tag: number | null): unknown {
  return decode(bytes, { ...OPTIONS, ...(tag !== null && { tags: { [tag]: Tagged.decoder(tag) } }) });
}
