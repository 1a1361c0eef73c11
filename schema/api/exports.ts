/** Answers of `/v1/exports`. */
import type { Price } from './observations.ts';

/** `dry-run`, and the facts of the 402. */
export type ExportQuote = {
  readonly from: string;
  readonly until: string;
  readonly resolution: 'hour' | 'day';
  readonly format: 'parquet' | 'csv' | 'ndjson';
  readonly devices: number;
  readonly quantities: readonly string[];
  readonly series: readonly string[];
  readonly indices: readonly string[];
  /** What the price is made of: as that of a query. */
  readonly deviceQuantityHours: number;
  readonly price: Price;
};

/** What is sold: the job, not yet its files. */
export type ExportSold = {
  /** 32 hex digits. */
  readonly id: string;
  /** Whoever has it may fetch the export: keep it. */
  readonly token: string;
  /** With the token in it. */
  readonly statusUrl: string;
  /** Of the device-quantity-hours that were paid, how many are there with a good flag. */
  readonly goodHours: number;
  readonly quote: ExportQuote;
};

export type ExportAnswer = {
  readonly id: string;
  readonly status: 'queued' | 'running' | 'done' | 'failed';
  readonly format: 'parquet' | 'csv' | 'ndjson';
  readonly created: string;
  readonly parts: { readonly done: number; readonly total: number };
  readonly rows: number;
  readonly bytes: number;
  /** RFC 3339: when the files are removed, null while they are made. */
  readonly expires: string | null;
  /** What went wrong last, in words. */
  readonly detail: string | null;
  /** Null until it is done. */
  readonly links: ExportLinks | null;
};

export type ExportLinks = {
  /** RFC 3339: until when they work; the status address gives new ones. */
  readonly until: string;
  /** Lists all files with their rows, bytes and SHA-256; its paths are relative to its own address. */
  readonly manifest: string;
  /** The same as plain text, one address a line. */
  readonly list: string;
  /** CSV and NDJSON: the one file. */
  readonly file: string | null;
};
