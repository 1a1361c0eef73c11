/** A problem before it is written out. `members` are extension members (RFC 9457 section 3.2). */
export type ProblemParts = {
  readonly status:
    | 400
    | 401
    | 402
    | 403
    | 404
    | 405
    | 406
    | 409
    | 410
    | 413
    | 415
    | 416
    | 421
    | 422
    | 426
    | 429
    | 500
    | 503;
  /** Where a registered problem type says the same (RFC 9457 section 4.2). */
  readonly type?: string;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly remedy: string;
  readonly members?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
};
