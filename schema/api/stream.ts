/** Answers and events of `/v1/stream`. Every event's `data` is one JSON object. */
import type { LiveMessage } from './live.ts';
import type { Price } from './observations.ts';

export type StreamQuote = {
  readonly minutes: number;
  readonly devices: number;
  readonly quantities: readonly string[];
  readonly deviceQuantityHours: number;
  readonly price: Price;
};

export type StreamSold = {
  /** Whoever has it may listen: keep it. */
  readonly pass: string;
  /** With the pass in it: what an EventSource opens. */
  readonly streamUrl: string;
  /** RFC 3339. */
  readonly until: string;
  readonly quote: StreamQuote;
};

/** `hello`: first event of every connection. */
export type StreamHello = { readonly until: string; readonly regions: readonly string[] };

/** `readings`: one accepted batch, as far as it was bought. */
export type StreamReadings = {
  readonly region: string;
  /** Place in the region's log. */
  readonly seq: number;
  readonly device: string;
  readonly received: string;
  readonly readings: readonly StreamReading[];
};

export type StreamReading = {
  readonly quantity: string;
  readonly time: string;
  /** In the quantity's unit (`/v1/quantities`). */
  readonly value: number;
  /** QARTOD flag of the checks on receipt; the verdict comes when the hour closes. */
  readonly flag: number;
  readonly tests: readonly string[];
};

/** `gap`: entries after `after` and before `next` cannot be told any more. */
export type StreamGap = { readonly region: string; readonly after: number; readonly next: number };

/** `end`: the pass is over. */
export type StreamEnd = { readonly until: string };

/** `hello` and `closed` of the stream without a pass. */
export type PublicStreamMessage = LiveMessage;

/** `values` of the stream without a pass: an hour that everybody may see. */
export type PublicStreamValues = {
  readonly region: string;
  /** Start of the hour. */
  readonly hour: string;
  readonly values: readonly {
    readonly device: string;
    readonly quantity: string;
    readonly unit: string;
    /** Mean of the hour. */
    readonly value: number;
    readonly flag: number;
    readonly tests: readonly string[];
  }[];
};
