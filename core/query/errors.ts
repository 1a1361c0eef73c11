/** Every way in which a query for observations can be refused, with its facts. Nothing is charged for any of them. */
export type QueryRefusal =
  | { readonly reason: 'unknown-parameter'; readonly parameter: string; readonly known: readonly string[] }
  | { readonly reason: 'missing-parameter'; readonly parameter: string; readonly expected: string }
  | { readonly reason: 'repeated-parameter'; readonly parameter: string }
  | { readonly reason: 'bad-parameter'; readonly parameter: string; readonly given: string; readonly expected: string }
  | { readonly reason: 'one-of'; readonly parameters: readonly string[] }
  | { readonly reason: 'too-many-values'; readonly parameter: string; readonly count: number; readonly limit: number }
  /** Asked for together, not possible together. */
  | { readonly reason: 'bad-combination'; readonly parameter: string; readonly detail: string }
  | { readonly reason: 'not-acceptable'; readonly accept: string; readonly mediaTypes: readonly string[] }
  | { readonly reason: 'bad-cursor' };

/** After the parameters are understood, with the registry at hand. */
export type SelectionRefusal =
  | { readonly reason: 'unknown-device'; readonly device: string }
  | { readonly reason: 'unknown-region'; readonly cell: string }
  | { readonly reason: 'device-not-sold'; readonly device: string }
  /** `area` as in the query. */
  | { readonly reason: 'nothing-for-sale'; readonly area: string }
  | { readonly reason: 'area-too-large'; readonly limit: number }
  | {
      readonly reason: 'query-too-large';
      /** What is counted: what the query is priced by. */
      readonly unit: 'device-quantity-hours' | 'device-days';
      readonly size: number;
      readonly limit: number;
      readonly usdc: string;
    }
  | { readonly reason: 'limit-too-small'; readonly least: number }
  /** `suggested`: a `limit` under which the answer is likely to fit, null where it cannot be smaller. */
  | {
      readonly reason: 'answer-too-large';
      readonly unit: 'rows' | 'bytes';
      readonly size: number;
      readonly limit: number;
      readonly suggested: number | null;
    }
  /** `next`: where a sequence of pages goes on. */
  | { readonly reason: 'nothing-measured'; readonly next: string | null };
