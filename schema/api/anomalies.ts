/** `GET /v1/anomalies`, the paid query, as JSON. Other formats have the same columns. */
import type { OwnDevices, Price } from './observations.ts';

export type AnomaliesAnswer = {
  readonly from: string;
  readonly until: string;
  readonly license: string;
  readonly attribution: readonly string[];
  /** Address of the next page, null after the last. */
  readonly next: string | null;
  /** By device, then start. */
  readonly anomalies: readonly AnomalyItem[];
};

export type AnomalyItem = {
  readonly device: string;
  readonly name: string;
  readonly cell: string;
  readonly quantity: string;
  readonly unit: string;
  /** Stable code of the test. */
  readonly test: string;
  /** 3 suspect, 4 fail. */
  readonly flag: 3 | 4;
  /** Worst, in times the test's own limit. */
  readonly severity: number;
  readonly start: string;
  /** Null: goes on. */
  readonly end: string | null;
  /** In `unit`; hours, seconds or shares where the test measures those (see `reason`). */
  readonly measured: number;
  /** Band in which an honest value would lie; null: open end. */
  readonly low: number | null;
  readonly high: number | null;
  /** Devices that it was compared with, nearest first. */
  readonly against: readonly string[];
  readonly reason: string;
};

/** `GET /v1/anomalies?...&dry-run=true`. The 402 carries the same facts. */
export type AnomaliesQuote = {
  readonly from: string;
  readonly until: string;
  /** Of this page. */
  readonly devices: number;
  readonly format: string;
  /** What the price is made of: one unit each. */
  readonly deviceDays: number;
  /** Of a request signed by a wallet. */
  readonly own?: OwnDevices;
  readonly isLastPage: boolean;
  /** Of the whole query, in one page or many. */
  readonly whole: { readonly devices: number; readonly deviceDays: number };
  readonly price: Price;
};
