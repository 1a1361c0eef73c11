/**
 * Messages of `GET /v1/regions/{cell}/live`: a WebSocket that only speaks, one JSON text a message. Counts and flags, never
 * a value: those are public after the publication delay and stand at `/v1/regions/{cell}`.
 */
export type LiveMessage = {
  /** `hello` on connecting; `closed` each time that hours got their final verdicts. */
  readonly type: 'hello' | 'closed';
  readonly cell: string;
  /** End of the last hour with final verdicts, RFC 3339; null before the first. */
  readonly closedUntil: string | null;
  readonly devices: number;
  readonly batches: number;
  readonly readings: number;
  /** Anomaly events that go on. */
  readonly openFlags: number;
  /** What changed with this close, at most 200; empty in `hello`. */
  readonly events: readonly LiveEvent[];
};

export type LiveEvent = {
  readonly change: 'begin' | 'worsen' | 'end';
  readonly device: string;
  readonly name: string;
  readonly quantity: string;
  /** Stable code of the test. */
  readonly test: string;
  /** 3 suspect, 4 fail. */
  readonly flag: 3 | 4;
  /** Worst so far, in times the test's own limit. */
  readonly severity: number;
  readonly start: string;
  readonly end: string | null;
};
