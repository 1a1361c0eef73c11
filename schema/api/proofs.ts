/** `GET /v1/proofs`: the answer itself is a proof file (core/proof/format.ts, docs/proofs.md). */

/** With `dry-run=true`, and in the 402: what the proof reveals and what that costs. */
export type ProofQuote = {
  readonly device: string;
  readonly quantity: string;
  readonly from: string;
  readonly until: string;
  /** Of the claim. */
  readonly readings: number;
  /** A signed batch cannot be shown in part: the proof holds all of each. */
  readonly batches: number;
  /** Of everything in those batches: what the price counts. */
  readonly deviceQuantityHours: number;
  /** In whose data roots the batches are. */
  readonly epochs: readonly number[];
  readonly price: {
    /** USDC base units. */
    readonly amount: string;
    readonly usdc: string;
    readonly asset: string;
    readonly network: string;
    readonly payTo: string;
  };
};
