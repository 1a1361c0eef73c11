/** How a simulated device's batches travel: plain, compressed or in the compact form; and a connection that loses some. */
import { gzipSync } from 'node:zlib';
import { quantityByCode } from '../../core/reading/quantity.ts';
import { COSE_CONTENT_TYPE, signCose } from '../client/cose.ts';
import type { SigningKey } from '../client/key.ts';
import type { Measurement } from '../client/senml.ts';
import type { Transport } from '../client/upload.ts';
import { chance } from './chance.ts';

export const BATCH_FORMS = ['plain', 'gzip', 'cose'] as const;
export type BatchForm = (typeof BATCH_FORMS)[number];

/** A third of the fleet each. */
export function formOf(station: string, seed: string): BatchForm {
  return BATCH_FORMS[Math.floor(chance(seed, 'form', station) * BATCH_FORMS.length)] ?? 'plain';
}

/** The bytes that the digest is of. */
export function bodyOf(pack: string, form: BatchForm): Uint8Array {
  const bytes = new TextEncoder().encode(pack);
  return form === 'gzip' ? Uint8Array.from(gzipSync(bytes)) : bytes;
}

/** Adds what the form needs to requests that are signed already, or signs anew what is to travel in another form. */
export function withForm(transport: Transport, form: BatchForm, key: SigningKey): Transport {
  if (form === 'plain') return transport;
  return {
    ...transport,
    async fetch(request) {
      if (form === 'cose') return transport.fetch(await compact(request, key));
      const headers = new Headers(request.headers);
      headers.set('content-encoding', 'gzip');
      return transport.fetch(new Request(request, { headers }));
    },
  };
}

/** The same nonce, time and readings. */
async function compact(request: Request, key: SigningKey): Promise<Request> {
  const [, created = '0', , nonce = ''] =
    /created=(\d+);keyid="([^"]*)";nonce="(\w+)"/.exec(request.headers.get('signature-input') ?? '') ?? [];
  const measurements = readPack(await request.text());
  const body = await signCose(key, { url: request.url, measurements, createdSeconds: Number(created), nonce });
  return new Request(request.url, {
    method: 'POST',
    headers: { 'content-type': COSE_CONTENT_TYPE },
    body: Uint8Array.from(body),
    signal: request.signal,
  });
}

type PackRecord = {
  readonly bt?: number;
  readonly n: string;
  readonly u: string;
  readonly t?: number;
  readonly v: number;
};

/** Of the simulator's own writing (client/senml.ts). */
function readPack(text: string): readonly Measurement[] {
  const records = JSON.parse(text) as readonly PackRecord[];
  const baseMs = (records[0]?.bt ?? 0) * 1000;
  return records.flatMap(({ n, u, t = 0, v }) => {
    const quantity = quantityByCode(n);
    return quantity ? [{ quantity: quantity.code, unit: u, value: v, measuredMs: baseMs + Math.round(t * 1000) }] : [];
  });
}

/** Fewer than an upload tries: a fleet that is started again draws the same, and would never get through. */
const MOST_LOST_IN_A_ROW = 4;

/** Every other request does not arrive, or its answer does not: by the seed, and how many were sent before. */
export function withLosses(transport: Transport, seed: string): Transport {
  let [sent, lostInARow] = [0, 0];
  return {
    ...transport,
    async fetch(request) {
      const draw = lostInARow < MOST_LOST_IN_A_ROW ? chance(seed, 'loss', sent++) : 1;
      lostInARow = draw < 0.5 ? lostInARow + 1 : 0;
      if (draw < 0.25) throw new Error('the request is lost');
      const response = await transport.fetch(request);
      if (draw < 0.5) throw new Error('the answer is lost');
      return response;
    },
  };
}
