/** Fork files with real signatures: batches that name the one before them, as two copies of a device post them. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { FORK_FORMAT, type ForkProof } from '../../core/proof/fork-format.ts';
import { postOf } from '../../core/proof/post.ts';
import { decodeEvidence } from '../../core/signature/evidence.ts';
import { formatContentDigest } from '../../core/signature/fields.ts';
import { CHAINED_COMPONENTS } from '../../core/signature/signature-input.ts';
import { DAY0_MS, MADRID } from './region-log.ts';
import { signedBatch } from './signed-batch.ts';
import type { TestDevice } from './signed-post.ts';

/** What two copies sent, in this order: `who`, and what it measured at which second. */
export type Sent = { readonly who: 0 | 1; readonly celsius?: number; readonly second?: number };

const hex = (nonce: number): string => nonce.toString(16).padStart(16, '0');

/** A minute lies between two batches. */
export async function forkFile(
  device: TestDevice,
  verdict: ForkProof['verdict'],
  sent: readonly Sent[],
): Promise<ForkProof> {
  const parent = sha256(utf8ToBytes('the batch before'));
  const heads: Uint8Array[] = [parent, parent];
  const branches: [ForkProof['branches'][0][number][], ForkProof['branches'][0][number][]] = [[], []];
  for (const [at, { who, celsius = 20, second = at * 60 }] of sent.entries()) {
    const body = JSON.stringify([
      { bt: DAY0_MS / 1000 + second, n: 'temp', u: 'Cel', v: celsius },
      { n: 'rh', u: '%RH', v: 40, t: 1 + at },
    ]);
    const { evidence, digest } = await signedBatch(device, 0, {
      body,
      nonce: hex(at + 1),
      createdSeconds: DAY0_MS / 1000 + at * 60,
      components: CHAINED_COMPONENTS,
      headers: { 'previous-digest': formatContentDigest(heads[who] ?? parent) },
    });
    heads[who] = digest;
    const decoded = decodeEvidence(evidence);
    if (!decoded.ok) throw new Error(decoded.error.detail);
    branches[who].push(postOf(decoded.value, device.did));
  }
  return {
    format: FORK_FORMAT,
    device: device.did,
    region: MADRID,
    parent: bytesToHex(parent),
    verdict,
    branches,
    unproved: { seqs: [], received: [] },
  };
}

export const ALTERNATING: readonly Sent[] = [0, 1, 0, 1, 0, 1, 0, 1].map((who) => ({ who: who === 0 ? 0 : 1 }));
