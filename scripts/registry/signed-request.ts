/** A request to the registry, signed by a device as it signs a batch (RFC 9421, docs/protocol.md). */
import { base64 } from '@scure/base';
import type { SigningKey } from '../../sensors/client/key.ts';
import { nextNonce } from '../../sensors/client/nonce.ts';
import { contentDigest } from '../../sensors/client/sign.ts';

export type Signer = { readonly label: string; readonly key: SigningKey };

type Unsigned = { readonly url: URL; readonly body: string; readonly nowMs: number };

export const JSON_TYPE = 'application/json';

/** Several keys may sign the same components of one request. */
export async function signPost(signers: readonly Signer[], { url, body, nowMs }: Unsigned): Promise<Headers> {
  const digest = contentDigest(new TextEncoder().encode(body));
  const covered = [...targetOf('POST', url), ['content-type', JSON_TYPE], ['content-digest', digest]] as const;
  return { 'content-digest': digest, ...(await sign(signers, covered, nowMs)) };
}

/** A request without a body has only its target to sign. */
export function signGet(signer: Signer, url: URL, nowMs: number): Promise<Headers> {
  return sign([signer], targetOf('GET', url), nowMs);
}

type Headers = Readonly<Record<string, string>>;
type Covered = readonly (readonly [name: string, value: string])[];

function targetOf(method: string, url: URL): Covered {
  return [
    ['@method', method],
    ['@authority', url.host],
    ['@path', url.pathname],
  ];
}

async function sign(signers: readonly Signer[], covered: Covered, nowMs: number): Promise<Headers> {
  const names = covered.map(([name]) => `"${name}"`).join(' ');
  const inputs: string[] = [];
  const signatures: string[] = [];
  for (const { label, key } of signers) {
    const nonce = nextNonce(null, nowMs);
    const params = `(${names});created=${Math.floor(nowMs / 1000)};keyid="${key.did}";nonce="${nonce}"`;
    // RFC 9421 section 2.5.
    const base = [...covered.map(([name, value]) => `"${name}": ${value}`), `"@signature-params": ${params}`].join(
      '\n',
    );
    inputs.push(`${label}=${params}`);
    signatures.push(`${label}=:${base64.encode(await key.sign(new TextEncoder().encode(base)))}:`);
  }
  return { 'signature-input': inputs.join(', '), signature: signatures.join(', ') };
}
