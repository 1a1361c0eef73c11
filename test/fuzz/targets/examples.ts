/** Real examples that several targets begin with. Nothing here is drawn by chance: a seed names the same inputs for ever. */
import { encode } from 'cborg';
import { coseHeader, externalAad } from '../../../core/cose/batch.ts';
import { encodeSign1, signedBytes } from '../../../core/cose/sign1.ts';
import type { DeviceId } from '../../../core/ids.ts';
import { formatContentDigest } from '../../../core/signature/fields.ts';
import { standardParams } from '../../../core/signature/signature-input.ts';
import { toDidKey } from '../../../core/signature/did-key.ts';
import { writeCborPack } from '../../../sensors/client/cose.ts';
import { type Measurement, writePack } from '../../../sensors/client/senml.ts';
import { checkEdgeConfig, type EdgeConfig } from '../../../worker/env.ts';
import { TEST_BINDINGS } from '../../workerd/bindings.ts';

export const NOW_MS = Date.UTC(2026, 10, 22, 12);
export const CREATED = NOW_MS / 1000;
export const ED25519 = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK' as DeviceId;
export const P256: DeviceId = toDidKey({
  algorithm: 'ecdsa-p256-sha256',
  publicKey: Uint8Array.from({ length: 33 }, (_, at) => (at === 0 ? 2 : at)),
});
export const REGION = '83390cfffffffff';
export const PLACE = '87390ca00ffffff';
export const OWNER = `0x${'ab'.repeat(20)}`;
export const AUTHORITY = 'isobar.test';
export const PATH = `/v1/regions/${REGION}/readings/0123456789abcdef`;

export const SAMPLE: readonly Measurement[] = [
  { quantity: 'pm25', value: 12.3, unit: 'ug/m3', measuredMs: NOW_MS - 120_500 },
  { quantity: 'temp', value: -0.25, unit: 'Cel', measuredMs: NOW_MS - 120_500 },
  { quantity: 'rh', value: 54, unit: '%RH', measuredMs: NOW_MS - 60_000 },
  { quantity: 'press', value: 1013.25, unit: 'hPa', measuredMs: NOW_MS },
];

export const PACK = writePack(ED25519, SAMPLE);
export const CBOR_PACK = writeCborPack(ED25519, SAMPLE);
const SIGNATURE = Uint8Array.from({ length: 64 }, (_, at) => at);
export const NONCE = '00000193b1e4a5c7';

export function coseBatch(device: DeviceId, payload: Uint8Array, previous: Uint8Array | null = null): Uint8Array {
  const algorithm = device === ED25519 ? 'ed25519' : 'ecdsa-p256-sha256';
  const protectedBytes = encode(coseHeader({ device, createdSeconds: CREATED, nonce: NONCE, previous }, algorithm));
  // Nobody asks whether the signature holds: to decode comes before.
  signedBytes({ protectedBytes, payload }, externalAad(AUTHORITY, PATH));
  return encodeSign1({ protectedBytes, payload, signature: SIGNATURE });
}

export const SIGNATURE_FIELD = `s=:${Buffer.from(SIGNATURE).toString('base64')}:`;
export const DIGEST_FIELD = formatContentDigest(new Uint8Array(32).fill(9));
export const INPUT_FIELD = `s=${standardParams(CREATED, ED25519, NONCE)}`;

const checked = checkEdgeConfig(TEST_BINDINGS as unknown as Parameters<typeof checkEdgeConfig>[0]);
if (!checked.ok) throw new Error(checked.error.detail);
export const CONFIG: EdgeConfig = checked.value;
