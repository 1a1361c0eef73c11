/** Refused proofs in words. Nothing was charged for any of them. */
import type { QueryRefusal, SelectionRefusal } from '../../core/query/errors.ts';
import type { ProofRefusal } from '../../core/query/proof-refusal.ts';
import { rfc3339 } from '../../core/time.ts';
import type { ProblemParts } from './problem-parts.ts';
import { describeQueryRefusal } from './query-problems.ts';

export function describeProofRefusal(refusal: ProofRefusal, nowMs: number): ProblemParts {
  switch (refusal.reason) {
    case 'proof-pending': {
      const { epoch, expectedMs } = refusal;
      return {
        status: 409,
        code: refusal.reason,
        title: 'The chain does not hold this yet',
        detail: `It can be proved once its log is committed, with epoch ${epoch} or a later one. Nothing was charged.`,
        remedy: `Ask again from ${rfc3339(expectedMs)} on.`,
        members: { epoch, expected: rfc3339(expectedMs) },
        headers: { 'retry-after': String(Math.max(1, Math.ceil((expectedMs - nowMs) / 1000))) },
      };
    }
    case 'epoch-revoked':
      return {
        status: 409,
        code: refusal.reason,
        title: 'The commit of this epoch was taken back',
        detail: `The guardian revoked epoch ${refusal.epoch}: the chain holds no root of it now. Nothing was charged.`,
        remedy: `See /v1/epochs/${refusal.epoch}: it is committed again once an operator has looked.`,
        members: { epoch: refusal.epoch },
      };
    case 'no-such-reading':
      return {
        status: 404,
        code: refusal.reason,
        title: 'There is no such reading',
        detail: 'No batch of this device speaks of this quantity at that time. Nothing was charged.',
        remedy: 'Take the exact time from `start` of /v1/observations with resolution=raw, or give start=HOUR.',
      };
    case 'proof-too-large':
      return {
        status: 422,
        code: refusal.reason,
        title: 'The proof is too large for one answer',
        detail: `The batches of that hour take ${refusal.bytes} bytes; ${refusal.limit} are the limit. Nothing was charged.`,
        remedy: 'Ask for single readings with t.',
        members: { bytes: refusal.bytes, limit: refusal.limit },
      };
    case 'proof-unavailable':
      return {
        status: 503,
        code: refusal.reason,
        title: 'The proof cannot be made now',
        detail: 'What the network stores does not give the committed root. Nothing was charged.',
        remedy: 'Ask again later; this has been logged.',
        headers: { 'retry-after': '60' },
      };
  }
}

export function describeProofQuery(refusal: QueryRefusal | SelectionRefusal): ProblemParts {
  const parts = describeQueryRefusal(refusal);
  return refusal.reason === 'one-of'
    ? { ...parts, remedy: 'Give t for one reading, or start for all readings of an hour.' }
    : parts;
}
