/** Every way in which an export or a stream can be refused that a query cannot. Nothing is charged for any of them. */
export type ExportRefusal =
  /** `closedUntilMs` null: that region has closed no day at all. */
  | { readonly reason: 'not-closed-yet'; readonly cell: string; readonly closedUntilMs: number | null }
  | { readonly reason: 'export-too-large'; readonly deviceQuantityHours: number; readonly limit: number }
  | { readonly reason: 'too-many-devices'; readonly limit: number }
  | { readonly reason: 'too-many-files'; readonly files: number; readonly limit: number }
  | { readonly reason: 'nothing-in-area' }
  | { readonly reason: 'bad-body'; readonly detail: string }
  /** Token, link or pass: wrong, or its time is over. Which of them is not said. */
  | { readonly reason: 'bad-token' }
  | { readonly reason: 'link-expired' }
  | { readonly reason: 'export-gone' }
  | { readonly reason: 'no-such-file'; readonly path: string }
  | { readonly reason: 'range-not-satisfiable'; readonly bytes: number }
  | { readonly reason: 'pass-over' }
  | { readonly reason: 'pass-in-use' }
  | { readonly reason: 'too-many-regions'; readonly limit: number }
  | { readonly reason: 'nothing-live' }
  | { readonly reason: 'bad-position'; readonly given: string };
