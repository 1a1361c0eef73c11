/** CBOR (RFC 8949) of strangers: definite lengths, no label twice, nothing that has two readings. */
import { decode, Tagged } from 'cborg';

const OPTIONS = {
  strict: true,
  useMaps: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
} as const;

/** @param tag that may occur and comes as a `Tagged`. Throws, as cborg does, for every kind of malformed input. */
export function decodeStrict(bytes: Uint8Array, tag: number | null): unknown {
  return decode(bytes, { ...OPTIONS, ...(tag !== null && { tags: { [tag]: Tagged.decoder(tag) } }) });
}
