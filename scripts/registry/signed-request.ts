/** A request to the registry, signed by a device as it signs a batch (RFC 9421, docs/protocol.md). */
import { base64 } from '@scure/base';
import type { SigningKey } from '../../sensors/client/key.ts';
import { nextNonce } from '../../sensors/client/nonce.ts';
import { contentDigest, signatureParameters } from '../../sensors/client/sign.ts';

export type Signer = { readonly label: string; readonly key: SigningKey };

/** Several signatures cover the same components of the same request. */
export async function signRequest(
  signers: readonly Signer[],
  { method, url, body, nowMs }: { readonly method: 'GET' | 'POST'; readonly url: URL; readonly body: string; readonly nowMs: number },
): Promise<RequestInit> {
  const contentType = 'application/json';
  const digest = await contentDigest(new TextEncoder().encode(body));
  const values = [
    ['@method', method],
    ['@authority', url.host],
    ['@path', url.pathname],
    ['content-type', contentType],
    ['content-digest', digest],
  ];
  const lines = values.map(([name, value]) => `"${name}": ${value}`);
  const inputs: string[] = [];
  const signatures: string[] = [];
  for (const { label, key } of signers) {
    const parameters = signatureParameters(key.did, Math.floor(nowMs / 1000), nextNonce(null, nowMs));
    const base = [...lines, `"@signature-params": ${parameters}`].join('\n');
    inputs.push(`${label}=${parameters}`);
    signatures.push(`${label}=:${base64.encode(await key.sign(new TextEncoder().encode(base)))}:`);
  }
  return {
    method,
    headers: {
      'content-type': contentType,
      'content-digest': digest,
      'signature-input': inputs.join(', '),
      signature: signatures.join(', '),
    },
    ...(method === 'POST' && { body }),
  };
}
