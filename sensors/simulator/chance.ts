/** Seeded chance without state: the same seed and the same parts give the same number on every machine. */
export function chance(seed: string, ...parts: readonly (string | number)[]): number {
  // FNV-1a over the text, then the finalizer of MurmurHash3 so that neighbouring hours do not resemble each other.
  let hash = 0x811c9dc5;
  for (const char of `${seed}/${parts.join('/')}`) {
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
