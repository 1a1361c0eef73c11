/** A paid draft becomes a proof file. It is checked as a buyer checks it before anybody is charged. */
import { checkProof } from '../../../core/proof/check.ts';
import type { Fault } from '../../../core/proof/fault.ts';
import { encodeProof, PROOF_FORMAT, type Proof, type ProvenCommit } from '../../../core/proof/format.ts';
import { pathItems } from '../../../core/proof/make.ts';
import { attributionOf, LICENSE } from '../../../core/query/license.ts';
import type { ProofRequest } from '../../../core/query/proof-request.ts';
import type { ObservationRow } from '../../../core/query/rows.ts';
import { servedBy } from '../../../core/query/served.ts';
import { err, ok, type Result } from '../../../core/result.ts';
import type { ServedUnits } from '../../../core/reward/sale.ts';
import type { RuleSet } from '../../../core/rules/rule-set.ts';
import { hourOf, hourStartMs, rfc3339 } from '../../../core/time.ts';
import type { EdgeConfig } from '../../env.ts';
import { gunzip } from '../../middleware/body.ts';
import { createWebcryptoVerifier } from '../webcrypto-verifier.ts';
import type { Stores } from '../observation-rows.ts';
import type { AnchoredBatch, Draft } from './draft.ts';
import { verdictsOf } from './verdicts.ts';

export type Completed = { readonly body: string; readonly served: readonly ServedUnits[] };

/** Proofs are few. */
const verifier = createWebcryptoVerifier(64);
const TOOLS = {
  verifier,
  async gunzip(bytes: Uint8Array, limitBytes: number) {
    const inflated = await gunzip(Uint8Array.from(bytes), limitBytes);
    return inflated.ok ? inflated.value : null;
  },
};

export async function completeProof(
  stores: Stores,
  draft: Draft,
  request: ProofRequest,
  { rules, chain }: EdgeConfig,
  nowMs: number,
): Promise<Result<Completed, Fault>> {
  const verdicts = await verdictsOf(stores, draft.device, draft.revealed, rules.time, nowMs);
  const proof: Proof = {
    format: PROOF_FORMAT,
    claim: draft.claim,
    batches: draft.batches.map(({ sealed, row, path }) => ({
      ...sealed,
      epoch: { number: row.epoch, path: pathItems(path) },
    })),
    commits: commitsOf(draft.batches, chain.chainId, chain.distributor),
    unproved: {
      asked: { from: rfc3339(request.fromMs), until: rfc3339(request.untilMs) },
      verdicts: verdicts
        .filter((row) => row.final && isAsked(row, request, rules))
        .map(({ startMs, value, count, flag, tests }) => ({ start: rfc3339(startMs), value, count, flag, tests })),
      license: LICENSE,
      attribution: attributionOf(rules),
    },
  };
  const body = encodeProof(proof);
  const { fault } = await checkProof(new TextEncoder().encode(body), null, TOOLS);
  return fault === null ? ok({ body, served: servedBy(verdicts, rules.time) }) : err(fault);
}

function commitsOf(batches: readonly AnchoredBatch[], chainId: number, contract: string): readonly ProvenCommit[] {
  const rows = new Map(batches.map(({ row }) => [row.epoch, row]));
  return [...rows.values()]
    .toSorted((a, b) => a.epoch - b.epoch)
    .map(({ epoch, dataRoot, commitHash, commitBlock }) => ({
      epoch,
      dataRoot,
      chainId,
      contract,
      transaction: commitHash,
      block: commitBlock,
    }));
}

function isAsked({ quantity, startMs }: ObservationRow, request: ProofRequest, { time }: RuleSet): boolean {
  return quantity === request.quantity.code && startMs === hourStartMs(hourOf(request.fromMs, time), time);
}
