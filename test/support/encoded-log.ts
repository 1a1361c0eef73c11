/**
 * A region's log as text, and the hash of what its fold knows and put out: what engines are compared by. Imports nothing
 * of Node, because workerd folds it, too.
 */
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { base64 } from '@scure/base';
import { decode, encode } from 'cborg';
import { decodeEntry, encodeEntryBody, isEntryKind } from '../../core/region/codec.ts';
import type { LogEntry } from '../../core/region/entry.ts';
import { applyEntry } from '../../core/region/fold.ts';
import { noOutputs } from '../../core/region/outputs.ts';
import { emptyState, encodeState } from '../../core/region/state.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';

export function encodeLog(entries: readonly LogEntry[]): string {
  const rows = entries.map((entry) => [entry.seq, entry.receivedMs, entry.kind, encodeEntryBody(entryBody(entry))]);
  return base64.encode(encode(rows));
}

function entryBody({ seq: _seq, receivedMs: _receivedMs, ...body }: LogEntry): Parameters<typeof encodeEntryBody>[0] {
  return body;
}

export function foldEncodedLog(text: string): string {
  const rows: unknown = decode(base64.decode(text));
  if (!Array.isArray(rows)) throw new Error('not a log');
  const state = emptyState();
  const outputs = noOutputs();
  for (const row of rows as readonly (readonly [number, number, unknown, Uint8Array])[]) {
    const [seq, receivedMs, kind, body] = row;
    const entry = isEntryKind(kind) ? decodeEntry({ seq, receivedMs, kind, body }) : null;
    if (entry?.ok !== true) throw new Error(`entry ${seq} does not decode`);
    applyEntry(state, entry.value, MAIN_RULES, outputs);
  }
  const hash = sha256.create();
  hash.update(encodeState(state));
  hash.update(utf8ToBytes(JSON.stringify(outputs)));
  return bytesToHex(hash.digest());
}
