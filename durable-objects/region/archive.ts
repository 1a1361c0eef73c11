/** Sealed segments in R2: listing and reading. */
import { decodeEntry } from '../../core/region/codec.ts';
import type { LogEntry } from '../../core/region/entry.ts';
import { openSegment, segmentPrefix, segmentRoot, type Segment } from '../../core/region/segment.ts';

/** Keys of one region's segments in the order of the log. */
export async function archivedKeys(archive: R2Bucket, cell: string): Promise<string[]> {
  const keys: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await archive.list({ prefix: segmentPrefix(cell), ...(cursor === undefined ? {} : { cursor }) });
    keys.push(...page.objects.map((object) => object.key));
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
  return keys;
}

export type ReadSegment = { readonly key: string; readonly root: string; readonly entries: readonly LogEntry[] };

/** Our own evidence: a segment that is gone or does not match its name is broken storage, not input. */
export async function openArchived(archive: R2Bucket, key: string): Promise<Segment> {
  const object = await archive.get(key);
  if (object === null) throw new Error(`segment ${key} is gone`);
  const bytes = new Uint8Array(
    await new Response(object.body.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer(),
  );
  const segment = openSegment(key, bytes);
  if (!segment.ok) throw new Error(`segment ${key}: ${segment.error.detail}`);
  return segment.value;
}

export async function readSegment(archive: R2Bucket, key: string): Promise<ReadSegment> {
  const { rows } = await openArchived(archive, key);
  const entries = rows.map((row) => {
    const entry = decodeEntry(row);
    if (!entry.ok) throw new Error(`segment ${key}, entry ${row.seq}: ${entry.error.detail}`);
    return entry.value;
  });
  return { key, root: segmentRoot(rows), entries };
}

/** Write-once: the key carries the hash, so what is there already is the same. */
export async function putSegment(archive: R2Bucket, key: string, bytes: Uint8Array): Promise<void> {
  if ((await archive.head(key)) !== null) return;
  const packed = await new Response(
    new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip')),
  ).arrayBuffer();
  await archive.put(key, packed, {
    onlyIf: { etagDoesNotMatch: '*' },
    httpMetadata: { contentType: 'application/gzip' },
  });
}
