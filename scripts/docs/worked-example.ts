/** The request that docs/protocol.md shows in full: the first of the signing vectors. */
import { base64 } from '@scure/base';
import { signingVectors } from '../vector-sets/signing.ts';
import { vectorKey } from '../vector-sets/keys.ts';

export function workedExample(): string {
  const [vector] = signingVectors([vectorKey('ed25519', 'device')]);
  if (!vector) throw new Error('there is a vector');
  const { authority, path, json } = vector;
  const request = [
    `POST ${path} HTTP/1.1`,
    `Host: ${authority}`,
    'Content-Type: application/senml+json',
    `Content-Digest: ${json.contentDigest}`,
    `Signature-Input: s=${json.signatureParams}`,
    `Signature: s=:${json.signature}:`,
    '',
    new TextDecoder().decode(base64.decode(json.body)),
  ];
  return [block('http', request.join('\n')), block('', json.base)].join('\n\n');
}

const block = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``;
