/** A body as text: strict UTF-8, nothing replaced, a byte order mark kept. The edge and an audit must read the same. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Null: not UTF-8. */
export function bodyText(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    // Fatal mode throws a TypeError for every byte sequence that is not UTF-8.
    return null;
  }
}
