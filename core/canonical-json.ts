/**
 * The JSON Canonicalization Scheme (RFC 8785) of plain data. Its strings and numbers are ECMAScript's own (sections 3.2.2.2
 * and 3.2.2.3), so the engine writes them; what is left to do is the order of the keys. One native call: a text of many
 * megabytes that is put together from pieces takes several times as long.
 */

/** By UTF-16 code units (section 3.2.3). No key may look like an array index: engines order those by themselves. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value)) ?? '';
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([key, of]) => [key, sorted(of)]));
}
