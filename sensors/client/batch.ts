/** Measurements as the bytes of a batch, in one of the two forms. */
import { MAX_BODY_BYTES, MAX_INFLATED_BYTES, MAX_RECORDS } from '../../core/ingest/limits.ts';
import type { DeviceId } from '../../core/ids.ts';
import { COSE_CONTENT_TYPE, writeCborPack } from './cose.ts';
import { type Measurement, writePack } from './senml.ts';
import { SENML_JSON } from './sign.ts';
import type { Batch } from './upload.ts';

/** `json`: SenML JSON, to be read by anyone. `cose`: SenML CBOR in COSE, some 40 % smaller, never compressed. */
export type Form = 'json' | 'cose';

export type Encoding = {
  readonly form: Form;
  /** A JSON body of more bytes is compressed; where the runtime cannot, it goes as it is. */
  readonly gzipAboveBytes: number;
};

/** Leaves room for the COSE message around a payload. */
const MOST_BODY_BYTES = MAX_BODY_BYTES - 512;

export { MAX_RECORDS };

/** Null: too large for one batch. */
export async function encodeBatch(
  device: DeviceId,
  measurements: readonly Measurement[],
  { form, gzipAboveBytes }: Encoding,
): Promise<Omit<Batch, 'nonce'> | null> {
  if (measurements.length > MAX_RECORDS) return null;
  if (form === 'cose') {
    const body = writeCborPack(device, measurements);
    return body.length > MOST_BODY_BYTES ? null : { contentType: COSE_CONTENT_TYPE, body };
  }
  const plain = Uint8Array.from(new TextEncoder().encode(writePack(device, measurements)));
  if (plain.length > MAX_INFLATED_BYTES) return null;
  const zipped = plain.length > gzipAboveBytes ? await gzip(plain) : null;
  if (zipped !== null && zipped.length < plain.length)
    return zipped.length > MOST_BODY_BYTES ? null : { contentType: SENML_JSON, contentEncoding: 'gzip', body: zipped };
  return plain.length > MOST_BODY_BYTES ? null : { contentType: SENML_JSON, body: plain };
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array | null> {
  if (!('CompressionStream' in globalThis)) return null;
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
