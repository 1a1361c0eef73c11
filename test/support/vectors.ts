/** The published vectors (sensors/vectors) as a test reads and posts them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { base64 } from '@scure/base';
import { concatBytes } from '@noble/hashes/utils.js';
import { QUANTITIES } from '../../core/reading/quantity.ts';
import type { Reading } from '../../core/reading/reading.ts';
import { rfc3339 } from '../../core/time.ts';
import type { KeyAlgorithm } from '../../core/signature/did-key.ts';
import type { signingVectors } from '../../scripts/vector-sets/signing.ts';
import type { Reading as NamedReading, Vector } from '../../scripts/vector-sets/vector.ts';

const FOLDER = join(import.meta.dirname, '../../sensors/vectors');

export type VectorFile = {
  readonly algorithm: KeyAlgorithm;
  readonly form: 'json' | 'cose';
  readonly now: number;
  readonly state: { readonly device: string; readonly region: string; readonly authorities: readonly string[] };
  readonly vectors: readonly Vector[];
};

export type PublishedVector = VectorFile['vectors'][number];

export const VECTOR_FILES = ['json-ed25519', 'json-p256', 'cose-ed25519', 'cose-p256'] as const;

export const readVectors = (name: string): VectorFile => read(name) as VectorFile;

export type PublishedKey = { readonly device: string; readonly pem: string; readonly secret: string };
export const publishedKeys = (): readonly PublishedKey[] =>
  (read('keys') as { readonly keys: readonly PublishedKey[] }).keys;

export type SigningVector = ReturnType<typeof signingVectors>[number];
export const readSigningVectors = (): readonly SigningVector[] =>
  (read('signing') as { readonly vectors: readonly SigningVector[] }).vectors;

function read(name: string): unknown {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8'));
}

export function bodyOf({ body, bodyPadding = 0 }: Pick<Vector, 'body' | 'bodyPadding'>): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(concatBytes(base64.decode(body), new Uint8Array(bodyPadding).fill(0x20)));
}

export function requestOf(vector: Vector): Request {
  const { method, headers } = vector;
  return new Request(`https://${vector.authority}${vector.path}`, { method, headers, body: bodyOf(vector) });
}

/** As a vector names it: value and unit in place of steps. */
export function named({ quantity: index, measuredMs, steps }: Reading): NamedReading {
  const quantity = QUANTITIES[index];
  if (!quantity) throw new Error(`no quantity ${index}`);
  const { code, unit, stepsPerUnit } = quantity;
  return { quantity: code, time: rfc3339(measuredMs), value: steps / stepsPerUnit, unit };
}
