/** What a header means, given what the ledger knows of its payment. Pure: the ledger row and the time come in. */
import type { PaymentClaim } from './api.ts';

/**
 * inflight: claimed, being answered, nothing charged. answered: the answer is stored, settling. pending: broadcast, not
 * seen mined. settled: mined, but a reorganization may still lead back to pending. finalized and failed are final.
 */
export type PaymentState = 'inflight' | 'answered' | 'pending' | 'settled' | 'finalized' | 'failed';

export type PaymentRow = {
  readonly payer: string;
  readonly nonce: string;
  readonly query: string;
  readonly headerHash: string;
  readonly payload: string;
  readonly state: PaymentState;
  readonly leaseUntilMs: number;
  readonly transaction: string | null;
  readonly detail: string | null;
};

export type Decision = 'claim' | 'not-offered' | 'other-query' | 'in-flight' | 'resume' | 'replay' | 'refuse';

export function decide(row: PaymentRow | null, claim: PaymentClaim, nowMs: number): Decision {
  if (row === null) return claim.offered ? 'claim' : 'not-offered';
  if (row.query !== claim.query || row.headerHash !== claim.headerHash) return 'other-query';
  switch (row.state) {
    case 'inflight':
      // A claim outlives its lease only if the one who answered it died; nothing was charged, so the next may try.
      if (row.leaseUntilMs > nowMs) return 'in-flight';
      return claim.offered ? 'claim' : 'not-offered';
    case 'answered':
    case 'pending':
      return 'resume';
    case 'settled':
    case 'finalized':
      return 'replay';
    case 'failed':
      return 'refuse';
  }
}
