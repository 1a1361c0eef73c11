/** The CBOR examples of the SenML working group, against the same packs in JSON. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hexToBytes } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import { readCborPack } from '../../core/senml/cbor.ts';
import { resolvePack } from '../../core/senml/resolve.ts';

type Vectors = Readonly<Record<string, { readonly cbor: string; readonly json: unknown }>>;
const { vectors } = JSON.parse(readFileSync(join(import.meta.dirname, 'senml-cbor.json'), 'utf8')) as {
  readonly vectors: Vectors;
};
const NOW_MS = 1_800_000_000_000;

test.each(Object.entries(vectors))('%s: both forms resolve to the same records', (_, { cbor, json }) => {
  const pack = readCborPack(hexToBytes(cbor));
  if (!pack.ok) throw new Error(pack.error.reason);
  const compact = resolvePack(pack.value, NOW_MS);
  expect(compact).toMatchObject({ ok: true });
  expect(compact).toEqual(resolvePack(json, NOW_MS));
});

test('a label that is a list is passed over and never turned to text, however deeply it nests', () => {
  expect(readCborPack(Uint8Array.from([0x81, 0xa2, 0x81, 0x81, 1, 1, 0x09, 1]))).toEqual({ ok: true, value: [{ '#': 1, '#9': 1 }] });
});
