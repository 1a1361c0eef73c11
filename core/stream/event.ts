/** Server-sent events as text (WHATWG HTML section 9.2.5). */
export type StreamEvent = {
  /** What a client sends back as `Last-Event-ID`; without it the id before stays. */
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
};

/** JSON has no line breaks of its own, so the data is one line. */
export function encodeEvent({ id, event, data }: StreamEvent): string {
  const name = id === undefined ? '' : `id: ${id}\n`;
  return `${name}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** A line that clients skip; it keeps proxies from closing what is silent. */
export const HEARTBEAT = ':\n\n';

/** Milliseconds that a client waits before it connects again. */
export function encodeRetry(ms: number): string {
  return `retry: ${ms}\n\n`;
}
