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
  | { readonly reason: 'nothing-for-sale'; readonly cell: string }
  | { readonly reason: 'query-too-large'; readonly deviceQuantityHours: number; readonly limit: number }
  | { readonly reason: 'answer-too-large'; readonly limit: number }
  | { readonly reason: 'nothing-measured' };
