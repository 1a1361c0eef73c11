/** The first segment of a region's evidence with one entry changed, sealed anew under a name and a root that fit. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { decodeEntry, encodeEntryBody, type LogRow } from '../../core/region/codec.ts';
import type { EntryBody, LogEntry } from '../../core/region/entry.ts';
import { openSegment, sealSegment } from '../../core/region/segment.ts';
import type { EvidenceAnswer } from '../../schema/api/public.ts';
import type { Lie } from './lying-api.ts';

export type Originals = Readonly<Record<string, Uint8Array>>;

/** By key, inflated. */
export async function downloadFirstSegments(api: string): Promise<Originals> {
  const { regions } = await (await fetch(`${api}/v1/regions`)).json<{ regions: { cell: string }[] }>();
  const found: Record<string, Uint8Array> = {};
  for (const { cell } of regions) {
    const { segments } = await (await fetch(`${api}/v1/evidence/${cell}`)).json<EvidenceAnswer>();
    const key = segments[0]?.key ?? '';
    found[key] = gunzipSync(Buffer.from(await (await fetch(`${api}/v1/${key}`)).arrayBuffer()));
  }
  return found;
}

/** `change` is asked of one entry after the other, until it changes one (null: not this one). */
export function forgedEvidence(originals: Originals, change: (entry: LogEntry) => EntryBody | null) {
  const files: Record<string, Uint8Array> = {};
  /** Where it was changed, as an audit names it; empty: nowhere yet. */
  const forgery = { place: '', lie: (() => null) as Lie };
  forgery.lie = (path, body) => {
    if (files[path] !== undefined) return files[path];
    const cell = /^\/v1\/evidence\/([0-9a-f]+)$/.exec(path)?.[1];
    if (cell === undefined || forgery.place !== '') return null;
    const [first, ...rest] = (JSON.parse(body.toString()) as EvidenceAnswer).segments;
    const segment = first === undefined ? null : openSegment(first.key, originals[first.key] ?? new Uint8Array());
    if (first === undefined || segment === null || !segment.ok) return null;
    const rows = segment.value.rows.map((row): LogRow => {
      const entry = decodeEntry(row);
      const changed = forgery.place === '' && entry.ok ? change(entry.value) : null;
      if (changed === null) return row;
      forgery.place = `region ${cell}, entry ${row.seq}`;
      return { ...row, body: encodeEntryBody(changed) };
    });
    if (forgery.place === '') return null;
    const sealed = sealSegment(cell, rows);
    files[`/v1/${sealed.key}`] = gzipSync(sealed.bytes);
    return JSON.stringify({ segments: [{ ...first, key: sealed.key, root: sealed.root }, ...rest] });
  };
  return forgery;
}
