/** `GET /v1/observations`, the paid query, as JSON. Other formats have the same columns. */
export type ObservationsAnswer = {
  readonly from: string;
  readonly until: string;
  readonly resolution: 'raw' | 'hour' | 'day';
  /** By code of quantity or index; '1': a plain number. */
  readonly units: Readonly<Record<string, string>>;
  /** How each derived series was made. */
  readonly methods?: Readonly<Record<string, string>>;
  readonly license: string;
  readonly attribution: readonly string[];
  /** Address of the next page, null after the last. */
  readonly next: string | null;
  readonly observations: readonly ObservationItem[];
};

/** With `fields=`, those members only. */
export type ObservationItem = {
  readonly device: string;
  /** Of a quantity or an index. */
  readonly quantity: string;
  readonly series: 'raw' | 'corrected' | 'index';
  readonly unit: string;
  readonly start: string;
  readonly value: number;
  /** Readings behind the value; of an index: good hours behind it. */
  readonly count: number;
  readonly flag: 1 | 2 | 3 | 4 | 9;
  readonly tests: readonly string[];
  readonly final: boolean;
  /** With `resolution=day`: good hours of the day and their share of all; null in rows of an index. */
  readonly hours?: number | null;
  readonly coverage?: number | null;
  /** With `index=`; null in other rows. */
  readonly category?: string | null;
  readonly pollutant?: string | null;
  /** With `fields=` only. A raw reading has no end. */
  readonly end?: string | null;
  readonly name?: string;
  readonly cell?: string;
  readonly latitude?: number;
  readonly longitude?: number;
};

/** `GET /v1/observations?...&dry-run=true`: price and size, free of charge. The 402 carries the same facts. */
export type ObservationsQuote = {
  readonly from: string;
  readonly until: string;
  readonly resolution: 'raw' | 'hour' | 'day';
  /** Of this page, as are the next members. */
  readonly devices: number;
  readonly quantities: readonly string[];
  readonly series: readonly string[];
  readonly indices: readonly string[];
  readonly format: string;
  /** What the price is made of. */
  readonly deviceQuantityHours: number;
  /** Null for raw readings: nobody has counted them. */
  readonly rowsAtMost: number | null;
  readonly bytesAbout: number | null;
  readonly isLastPage: boolean;
  /** Of the whole query, in one page or many. */
  readonly whole: { readonly devices: number; readonly deviceQuantityHours: number };
  readonly price: Price;
};

export type Price = {
  /** USDC base units. */
  readonly amount: string;
  readonly usdc: string;
  readonly asset: string;
  readonly network: string;
  readonly payTo: string;
};
