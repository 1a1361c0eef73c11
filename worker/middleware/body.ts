/** Bodies with a hard end: of the bytes as posted, and of what they inflate to. Nothing is buffered beyond either limit. */
import type { RequestRefusal } from '../../core/errors.ts';
import { err, ok, type Result } from '../../core/result.ts';

export async function readBody(
  request: Request,
  limitBytes: number,
): Promise<Result<Uint8Array<ArrayBuffer>, RequestRefusal>> {
  const tooLarge: RequestRefusal = { reason: 'body-too-large', limitBytes };
  const declared = declaredLength(request.headers);
  if (declared !== null && declared > limitBytes) return err(tooLarge);
  if (declared !== null) {
    // The server in front cuts a body at its Content-Length; the check after it costs nothing.
    const whole = new Uint8Array(await request.arrayBuffer());
    return whole.length > limitBytes ? err(tooLarge) : ok(whole);
  }
  if (request.body === null) return ok(new Uint8Array());
  const read = await readCapped(request.body, limitBytes);
  return read === null ? err(tooLarge) : ok(read);
}

/** Null where the sender gives no length, or gives one that Transfer-Encoding overrides (RFC 9112 section 6.3). */
function declaredLength(headers: Headers): number | null {
  const header = headers.get('content-length');
  if (header === null || headers.has('transfer-encoding') || !/^\d{1,15}$/.test(header)) return null;
  return Number(header);
}

export async function gunzip(
  bytes: Uint8Array<ArrayBuffer>,
  limitBytes: number,
): Promise<Result<Uint8Array<ArrayBuffer>, RequestRefusal>> {
  try {
    const inflated = await readCapped(
      new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip')),
      limitBytes,
    );
    return inflated === null ? err({ reason: 'inflated-too-large', limitBytes }) : ok(inflated);
  } catch {
    // DecompressionStream throws a TypeError for wrong magic, a wrong checksum, a cut end and bytes after the end.
    return err({ reason: 'bad-gzip' });
  }
}

/** Null: there is more. The rest is not read. */
async function readCapped(
  stream: ReadableStream<Uint8Array>,
  limitBytes: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > limitBytes) {
      // The sender may be slow to notice; what the cancellation answers changes nothing.
      reader.cancel().catch(() => undefined);
      return null;
    }
    chunks.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
