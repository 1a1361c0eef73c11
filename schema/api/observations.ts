/** `GET /v1/observations`, the paid query. */
export type ObservationsAnswer = {
  readonly from: string;
  readonly until: string;
  readonly resolution: 'raw' | 'hour';
  readonly license: string;
  readonly attribution: readonly string[];
  readonly observations: readonly {
    readonly device: string;
    readonly quantity: string;
    readonly unit: string;
    readonly start: string;
    readonly value: number;
    readonly count: number;
    readonly flag: 1 | 2 | 3 | 4 | 9;
    readonly tests: readonly string[];
    readonly final: boolean;
  }[];
};

/** `GET /v1/observations?...&dry-run=true`: price and size, free of charge. The 402 carries the same facts. */
export type ObservationsQuote = {
  readonly from: string;
  readonly until: string;
  readonly resolution: 'raw' | 'hour';
  readonly devices: number;
  readonly quantities: readonly string[];
  /** That cost something. */
  readonly deviceQuantityHours: number;
  /** Of a request signed by a wallet: how many devices are its own and free, and which are not. */
  readonly own?: { readonly devices: number; readonly notOwn: readonly string[] };
  readonly price: {
    /** USDC base units. */
    readonly amount: string;
    readonly usdc: string;
    readonly asset: string;
    readonly network: string;
    readonly payTo: string;
  };
};
