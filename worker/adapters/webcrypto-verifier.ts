/**
 * Native signature checks. Imported keys are kept for the isolate's life: an import costs about a tenth of a check, and the
 * P-256 one decompresses a point.
 */
import type { DeviceId, InvalidId } from '../../core/ids.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { decodeDidKey, type KeyAlgorithm } from '../../core/signature/did-key.ts';
import type { SignatureVerifier } from '../../core/signature/verify.ts';
import { Lru } from './lru.ts';

/** About 200 bytes each. */
const DEFAULT_CAPACITY = 4096;

const IMPORT = { ed25519: { name: 'Ed25519' }, 'ecdsa-p256-sha256': { name: 'ECDSA', namedCurve: 'P-256' } } as const;
const VERIFY = { ed25519: { name: 'Ed25519' }, 'ecdsa-p256-sha256': { name: 'ECDSA', hash: 'SHA-256' } } as const;

type ImportedKey = { readonly algorithm: KeyAlgorithm; readonly key: CryptoKey };

export function createWebcryptoVerifier(capacity: number = DEFAULT_CAPACITY): SignatureVerifier {
  const keys = new Lru<DeviceId, ImportedKey>(capacity);
  const encoder = new TextEncoder();
  return {
    async verify(
      device: DeviceId,
      signed: string | Uint8Array,
      signature: Uint8Array,
    ): Promise<Result<boolean, InvalidId>> {
      let imported = keys.get(device);
      if (imported === undefined) {
        const fresh = await importKey(device);
        if (!fresh.ok) return fresh;
        imported = fresh.value;
        keys.set(device, imported);
      }
      const bytes = typeof signed === 'string' ? encoder.encode(signed) : signed;
      return ok(await crypto.subtle.verify(VERIFY[imported.algorithm], imported.key, signature, bytes));
    },
  };
}

async function importKey(device: DeviceId): Promise<Result<ImportedKey, InvalidId>> {
  const decoded = decodeDidKey(device);
  if (!decoded.ok) return decoded;
  const { algorithm, publicKey } = decoded.value;
  try {
    return ok({
      algorithm,
      key: await crypto.subtle.importKey('raw', publicKey, IMPORT[algorithm], false, ['verify']),
    });
  } catch {
    // WebCrypto throws DataError for 33 bytes that are no point of the curve.
    return err({ reason: 'invalid-id', kind: 'device', given: device });
  }
}
