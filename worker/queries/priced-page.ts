/** What every paid query comes down to before it meets HTTP and payment: a page with its price, and its answer on demand. */
import type { QueryRefusal, SelectionRefusal } from '../../core/query/errors.ts';
import type { OwnerAddress } from '../../core/ids.ts';
import type { Format } from '../../core/query/formats.ts';
import { formatUsdc } from '../../core/price/price.ts';
import type { Result } from '../../core/result.ts';
import type { SoldAnswer } from '../../durable-objects/settler/api.ts';
import type { Price } from '../../schema/api/observations.ts';
import type { Stores } from '../adapters/observation-rows.ts';
import type { EdgeConfig } from '../env.ts';

export type Refused = QueryRefusal | SelectionRefusal;

export type Shop = {
  readonly stores: Stores;
  readonly config: EdgeConfig;
  readonly nowMs: number;
  /** The wallet that signed the request; left out or null: nobody did. */
  readonly asker?: OwnerAddress | null;
};

export type PricedPage = {
  readonly amount: bigint;
  readonly format: Format;
  /** One line for the wallet. */
  readonly description: string;
  /** Price and size: the answer of a dry run, and what the 402 shows. */
  readonly quote: Readonly<Record<string, unknown>>;
  readonly answer: () => Promise<Result<SoldAnswer, Refused>>;
};

/** The Settler keeps an answer in one row, and a row has at most 2 MB (Durable Objects limits). */
export const MAX_ANSWER_BYTES = 1_900_000;

/** `units`: what the page covers, in what its `limit` counts. */
export function answerTooLarge(unit: 'rows' | 'bytes', size: number, limit: number, units: number): SelectionRefusal {
  // A tenth less than in proportion, because rows are not spread evenly.
  const suggested = Math.floor((units * limit * 0.9) / size);
  return { reason: 'answer-too-large', unit, size, limit, suggested: suggested >= 1 ? suggested : null };
}

export function priceFacts(amount: bigint, { chain }: EdgeConfig): Price {
  return {
    amount: String(amount),
    usdc: formatUsdc(amount),
    asset: chain.usdc,
    network: `eip155:${chain.chainId}`,
    payTo: chain.distributor,
  };
}
