/** From the request to checked readings, as the edge does it, against the native work that no edge can avoid. */
import { decodeDidKey } from '../../core/signature/did-key.ts';
import { parseDeviceId } from '../../core/ids.ts';
import { createWebcryptoVerifier } from '../../worker/adapters/webcrypto-verifier.ts';
import { openSignedPost, verifySignedPost } from '../../worker/signed-post.ts';
import { newKey, realBatches, requestOf, signBatch, type SignedBatch } from '../batches.ts';
import { microsecondsOf, type Figure, type Row } from '../row.ts';

const URL_OF_ROUTE = 'https://isobar.test/v1/regions/83390cfffffffff/readings/0123456789abcdef';
const AUTHORITIES = new Set(['isobar.test']);
const DAY_MS = 86_400_000;

const VERIFY = {
  ed25519: { import: { name: 'Ed25519' }, verify: { name: 'Ed25519' } },
  'ecdsa-p256-sha256': { import: { name: 'ECDSA', namedCurve: 'P-256' }, verify: { name: 'ECDSA', hash: 'SHA-256' } },
} as const;
type Algorithm = keyof typeof VERIFY;

async function measureAlgorithm(algorithm: Algorithm): Promise<Figure> {
  const key = await newKey(algorithm);
  const [batch = []] = await realBatches(Date.now() - 20 * DAY_MS);
  const signed = await signBatch(key, URL_OF_ROUTE, batch, 1);
  const verifier = createWebcryptoVerifier();
  const accept = async () => {
    const request = requestOf(signed);
    const nowMs = Date.now();
    const post = openSignedPost(request, AUTHORITIES, nowMs);
    if (!post.ok) throw new Error(post.error.reason);
    const verified = await verifySignedPost(post.value, request, verifier);
    if (!verified.ok) throw new Error(verified.error.reason);
  };
  const { accepted, floor } = await microsecondsOf({
    accepted: accept,
    floor: await floorOf(algorithm, key.did, signed),
  });
  return {
    name: `accept 60 readings at the edge, ${algorithm}`,
    value: accepted,
    unit: 'µs/batch',
    floor: { name: 'Request + SHA-256 + native verify + JSON.parse', value: floor },
  };
}

/** The same request object is made in both: Node's costs more than the runtime's, and is none of our code. */
async function floorOf(algorithm: Algorithm, did: string, signed: SignedBatch): Promise<() => Promise<void>> {
  const device = parseDeviceId(did);
  const decoded = device.ok ? decodeDidKey(device.value) : device;
  if (!decoded.ok) throw new Error(decoded.error.reason);
  const names = VERIFY[algorithm];
  const key = await crypto.subtle.importKey('raw', decoded.value.publicKey, names.import, false, ['verify']);
  const signature = Buffer.from((signed.headers['signature'] ?? '').slice(3, -1), 'base64');
  const decoder = new TextDecoder();
  // The base has a few hundred bytes; which ones makes no difference to the time.
  const base = new Uint8Array(400);
  return async () => {
    const body = new Uint8Array(await requestOf(signed).arrayBuffer());
    await crypto.subtle.digest('SHA-256', body);
    await crypto.subtle.verify(names.verify, key, signature, base);
    JSON.parse(decoder.decode(body));
  };
}

export const verifyRow: Row = {
  name: 'verify',
  measure: async () => [await measureAlgorithm('ed25519'), await measureAlgorithm('ecdsa-p256-sha256')],
};
