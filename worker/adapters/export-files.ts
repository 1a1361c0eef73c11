/** Reads files of exports out of R2, whole or in part. The object is not asked: downloads cost it nothing. */
import { isUnchanged, piecesOf, wantedRange, type Piece } from '../../core/byte-range.ts';
import { exportKey, MANIFEST, singleFile, type ExportManifest } from '../../core/export/manifest.ts';

export type ExportFile = {
  readonly bytes: number;
  /** Strong: the same bytes, whatever link leads to them. */
  readonly etag: string;
  readonly contentType: string;
  /** What a browser or `curl -OJ` calls it. */
  readonly fileName: string;
  readonly pieces: readonly Piece[];
};

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  parquet: 'application/vnd.apache.parquet',
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson',
  json: 'application/json',
};

export async function readManifest(archive: R2Bucket, id: string): Promise<ExportManifest | null> {
  const object = await archive.get(exportKey(id, MANIFEST));
  return object === null ? null : await object.json<ExportManifest>();
}

/** Null: there is no such file. */
export async function findFile(archive: R2Bucket, id: string, path: string): Promise<ExportFile | null> {
  const ending = path.slice(path.lastIndexOf('.') + 1);
  const contentType = CONTENT_TYPES[ending] ?? 'application/octet-stream';
  if (path === singleFile('csv') || path === singleFile('ndjson')) {
    const manifest = await readManifest(archive, id);
    const file = manifest?.files.find((one) => one.path === path);
    if (manifest === null || file === undefined) return null;
    const pieces = manifest.pieces.map((piece) => ({ key: exportKey(id, piece.path), bytes: piece.bytes }));
    return { bytes: file.bytes, etag: `"${file.sha256}"`, contentType, fileName: `${id}.${ending}`, pieces };
  }
  const key = exportKey(id, path);
  const object = await archive.head(key);
  if (object === null) return null;
  const pieces = [{ key, bytes: object.size }];
  return { bytes: object.size, etag: object.httpEtag, contentType, fileName: path.replaceAll('/', '_'), pieces };
}

/** RFC 9110: 200, 206, 304; null where no byte of the range exists (416). */
export function serveFile(archive: R2Bucket, file: ExportFile, request: Request): Response | null {
  const headers = {
    'content-type': file.contentType,
    'content-disposition': `attachment; filename="${file.fileName}"`,
    'accept-ranges': 'bytes',
    etag: file.etag,
    // The link is the secret, and a file never changes under it.
    'cache-control': 'private, max-age=3600, immutable',
  };
  if (isUnchanged(request.headers.get('if-none-match') ?? undefined, file.etag))
    return new Response(null, { status: 304, headers });
  const range = request.headers.get('range') ?? undefined;
  const wanted = wantedRange(range, request.headers.get('if-range') ?? undefined, file);
  if (wanted.kind === 'unsatisfiable') return null;
  const { offset, length } = wanted.kind === 'whole' ? { offset: 0, length: file.bytes } : wanted;
  const isPart = wanted.kind === 'part';
  const partHeaders = isPart ? { 'content-range': `bytes ${offset}-${offset + length - 1}/${file.bytes}` } : {};
  const body = request.method === 'HEAD' || length === 0 ? null : streamOf(archive, file.pieces, offset, length);
  return new Response(body, {
    status: isPart ? 206 : 200,
    headers: { ...headers, ...partHeaders, 'content-length': String(length) },
  });
}

/** One piece after the other, each read only when the one before has gone out. */
function streamOf(archive: R2Bucket, pieces: readonly Piece[], offset: number, length: number): ReadableStream {
  // Gives the answer its Content-Length, and fails it where fewer bytes come.
  const { readable, writable } = new FixedLengthStream(length);
  void pump().catch(() => undefined);
  return readable;

  async function pump(): Promise<void> {
    try {
      for (const { key, offset: from, length: count } of piecesOf(pieces, offset, length)) {
        const object = await archive.get(key, { range: { offset: from, length: count } });
        if (object === null) throw new Error(`${key} is gone`);
        await object.body.pipeTo(writable, { preventClose: true });
      }
      await writable.close();
    } catch (error) {
      // The reader sees a cut answer, never a short one that looks whole.
      await writable.abort(error);
    }
  }
}
