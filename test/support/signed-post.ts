/**
 * Signed posts made by the http-message-sig library, which shares no code with ours: that both agree on the text that is
 * signed is itself part of what the tests show.
 */
import { createSignature, type Signer } from 'http-message-sig';
import type { DeviceId } from '../../core/ids.ts';
import { toDidKey, type KeyAlgorithm } from '../../core/signature/did-key.ts';

const PARAMETERS = {
  ed25519: { name: 'Ed25519' },
  'ecdsa-p256-sha256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
} as const;
export const FIVE = ['@method', '@authority', '@path', 'content-type', 'content-digest'] as const;

export type TestDevice = { readonly did: DeviceId; readonly signer: Signer };

export async function newDevice(algorithm: KeyAlgorithm = 'ed25519'): Promise<TestDevice> {
  const pair = (await crypto.subtle.generateKey(PARAMETERS[algorithm], true, ['sign', 'verify'])) as CryptoKeyPair;
  const raw = new Uint8Array((await crypto.subtle.exportKey('raw', pair.publicKey)) as ArrayBuffer);
  // WebCrypto exports P-256 points uncompressed: 4, x, y.
  const publicKey = algorithm === 'ed25519' ? raw : Uint8Array.from([2 + ((raw[64] ?? 0) & 1), ...raw.slice(1, 33)]);
  return {
    did: toDidKey({ algorithm, publicKey }),
    signer: {
      algorithm,
      sign: async (data) =>
        new Uint8Array(await crypto.subtle.sign(PARAMETERS[algorithm], pair.privateKey, Uint8Array.from(data))),
    },
  };
}

export type PostOptions = {
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly nonce?: string;
  readonly createdSeconds?: number;
  readonly keyid?: string;
  readonly components?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Signs this digest in place of the body's. */
  readonly digestOf?: Uint8Array<ArrayBuffer>;
};

export async function signedPost(url: string, device: TestDevice, options: PostOptions): Promise<Request> {
  const body = typeof options.body === 'string' ? new TextEncoder().encode(options.body) : options.body;
  const digest = await crypto.subtle.digest('SHA-256', options.digestOf ?? body);
  const headers = new Headers({
    'content-type': 'application/senml+json',
    'content-digest': `sha-256=:${base64(new Uint8Array(digest))}:`,
    ...options.headers,
  });
  const fields = await createSignature(new Request(url, { method: 'POST', headers }), {
    label: 's',
    components: options.components ?? FIVE,
    parameters: {
      created: options.createdSeconds ?? Math.floor(Date.now() / 1000),
      keyid: options.keyid ?? device.did,
      nonce: options.nonce ?? '0000000000000001',
    },
    signer: device.signer,
  });
  headers.set('signature', fields.signature);
  headers.set('signature-input', fields.signatureInput);
  return new Request(url, { method: 'POST', headers, body });
}

/** The request with some of it changed after it was signed; a null value removes a header field. */
export async function altered(
  request: Request,
  change: {
    readonly body?: BodyInit;
    readonly url?: string;
    readonly headers?: Readonly<Record<string, string | null>>;
  },
): Promise<Request> {
  const headers = new Headers(request.headers);
  for (const [name, value] of Object.entries(change.headers ?? {})) {
    if (value === null) headers.delete(name);
    else headers.set(name, value);
  }
  return new Request(change.url ?? request.url, {
    method: 'POST',
    headers,
    body: change.body ?? (await request.arrayBuffer()),
  });
}

export async function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
