/**
 * Which bytes of a file a request asks for: RFC 9110 sections 13.1.5 (If-Range) and 14 (Range). A range that we do not
 * understand, or several at once, is ignored as section 14.2 allows: the whole file is an answer to every question.
 */
export type Wanted =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly offset: number; readonly length: number }
  | { readonly kind: 'unsatisfiable' };

const WHOLE: Wanted = { kind: 'whole' };
const BYTES = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i;

/** @param ifRange only a strong entity tag that is equal makes the range hold; a date never does, we give none. */
export function wantedRange(
  range: string | undefined,
  ifRange: string | undefined,
  file: { readonly bytes: number; readonly etag: string },
): Wanted {
  if (range === undefined || (ifRange !== undefined && ifRange.trim() !== file.etag)) return WHOLE;
  const [, first = '', last = ''] = BYTES.exec(range.trim()) ?? [];
  if (first === '' && last === '') return WHOLE;
  if (first === '') {
    const length = Math.min(Number(last), file.bytes);
    return length === 0 ? { kind: 'unsatisfiable' } : { kind: 'part', offset: file.bytes - length, length };
  }
  const offset = Number(first);
  const end = last === '' ? file.bytes - 1 : Math.min(Number(last), file.bytes - 1);
  // A last position before the first makes the header invalid, and an invalid one is ignored (section 14.1.1).
  if (last !== '' && Number(last) < offset) return WHOLE;
  return offset >= file.bytes ? { kind: 'unsatisfiable' } : { kind: 'part', offset, length: end - offset + 1 };
}

/** Whether `If-None-Match` names this entity tag (RFC 9110 section 13.1.2: weak comparison). */
export function isUnchanged(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
    .some((tag) => tag === '*' || tag === etag);
}

export type Piece = { readonly key: string; readonly bytes: number };
export type PieceRange = { readonly key: string; readonly offset: number; readonly length: number };

/** Where the bytes [offset, offset + length) of a file lie that is stored as consecutive pieces. */
export function piecesOf(pieces: readonly Piece[], offset: number, length: number): readonly PieceRange[] {
  const found: PieceRange[] = [];
  let start = 0;
  for (const { key, bytes } of pieces) {
    const from = Math.max(offset, start);
    const until = Math.min(offset + length, start + bytes);
    if (from < until) found.push({ key, offset: from - start, length: until - from });
    start += bytes;
  }
  return found;
}
