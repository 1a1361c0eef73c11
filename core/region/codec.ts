/** Log entries as bytes: CBOR with sorted keys (RFC 8949 section 4.2), so that the same entry is the same bytes everywhere. */
import { encode } from 'cborg';
import { err, ok, type Result } from '../result.ts';
import { decodePlain } from '../strict-cbor.ts';
import type { EntryBody, EntryKind, LogEntry } from './entry.ts';

/** One row of the log, as stored and as sealed. */
export type LogRow = {
  readonly seq: number;
  readonly receivedMs: number;
  readonly kind: EntryKind;
  readonly body: Uint8Array;
};

export type BadEntry = { readonly reason: 'bad-entry'; readonly seq: number; readonly detail: string };

const KINDS: ReadonlySet<string> = new Set<EntryKind>([
  'rule-set',
  'membership',
  'batch',
  'hour-close',
  'neighbour-cells',
  'maintenance',
  'inherit',
]);

export function isEntryKind(kind: unknown): kind is EntryKind {
  return typeof kind === 'string' && KINDS.has(kind);
}

export function encodeEntryBody(body: EntryBody): Uint8Array {
  const { kind: _kind, ...facts } = body;
  return encode(facts);
}

/** The log is written by region objects only, so a body that decodes is taken at its kind's word. */
export function decodeEntry(row: LogRow): Result<LogEntry, BadEntry> {
  try {
    const facts: unknown = decodePlain(row.body);
    if (typeof facts !== 'object' || facts === null || Object.getPrototypeOf(facts) !== Object.prototype)
      return err({ reason: 'bad-entry', seq: row.seq, detail: 'not a map' });
    return ok({ ...facts, seq: row.seq, receivedMs: row.receivedMs, kind: row.kind } as LogEntry);
  } catch (cause) {
    return err({ reason: 'bad-entry', seq: row.seq, detail: cause instanceof Error ? cause.message : 'not CBOR' });
  }
}
