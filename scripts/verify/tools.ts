/** What core/audit needs from this machine. */
import type { BatchTools } from '../../core/audit/check-batch.ts';
import type { ActTools } from '../../core/audit/check-act.ts';
import { createWebcryptoVerifier } from '../../worker/adapters/webcrypto-verifier.ts';
import { gunzip } from '../../worker/middleware/body.ts';
import { centerIfCell } from '../../worker/registry/place.ts';
import { recoverOwner } from '../../worker/registry/owner-signature.ts';

export function checkActTools(): Omit<ActTools, 'domain'> {
  return { verifier: createWebcryptoVerifier(), owners: { recover: recoverOwner }, centerOf: centerIfCell };
}

/** The edge's own verifier and inflater, so that both read the same bytes alike. */
export function checkBatchTools(): BatchTools {
  return {
    verifier: createWebcryptoVerifier(),
    async gunzip(bytes, limitBytes) {
      const inflated = await gunzip(Uint8Array.from(bytes), limitBytes);
      return inflated.ok ? inflated.value : null;
    },
  };
}
