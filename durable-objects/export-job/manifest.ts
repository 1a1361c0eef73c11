/** The last step of an export: hashes, and the manifest that names its files. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { exportKey, singleFile, type ExportManifest, type StoredPart } from '../../core/export/manifest.ts';
import type { ExportOrder } from '../../core/export/order.ts';
import { rfc3339 } from '../../core/time.ts';

/** @param whole sha-256 of all parts in a row, null where each part is a file of its own. */
export function toManifest(
  order: ExportOrder,
  parts: readonly StoredPart[],
  whole: string | null,
  finishedMs: number,
): ExportManifest {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  return {
    id: order.id,
    created: rfc3339(order.createdMs),
    finished: rfc3339(finishedMs),
    license: order.license,
    attribution: order.attribution,
    format: order.format,
    resolution: order.resolution,
    from: rfc3339(order.fromMs),
    until: rfc3339(order.untilMs),
    quantities: order.quantities.map(({ code }) => code),
    devices: order.devices.map(({ device }) => device),
    rows,
    bytes,
    files: whole === null ? parts : [{ path: singleFile(order.format), rows, bytes, sha256: whole }],
    pieces: whole === null ? [] : parts,
  };
}

export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  return bytesToHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

/** Streamed: memory does not grow with the export. A piece that is gone is broken storage; the step is tried again. */
export async function sha256OfPieces(archive: R2Bucket, id: string, parts: readonly StoredPart[]): Promise<string> {
  const digest = new crypto.DigestStream('SHA-256');
  for (const { path } of parts) {
    const object = await archive.get(exportKey(id, path));
    if (object === null) throw new Error(`piece ${path} of export ${id} is gone`);
    await object.body.pipeTo(digest, { preventClose: true });
  }
  await digest.close();
  return bytesToHex(new Uint8Array(await digest.digest));
}
