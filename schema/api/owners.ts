/** `GET /v1/owners/{address}/statement?epoch=N`, for the signed-in owner. Amounts are decimal strings of base units. */
export type StatementAnswer = {
  readonly owner: string;
  readonly epoch: number;
  readonly state: string;
  /** What the whole network paid from. */
  readonly pot: {
    readonly base: string;
    readonly demand: string;
    readonly total: string;
    /** What all weights share, in units of 1e-12 of a full weight. */
    readonly divisor: string;
  };
  /** `base + demand`: the sum of the devices' amounts, and what the chain pays. */
  readonly amount: string;
  readonly base: string;
  readonly demand: string;
  /** Of quarantined devices: not paid. */
  readonly withheld: string;
  /** Sum of `sales`, and what the chain pays. */
  readonly usdc: string;
  readonly sales: readonly StatementSales[];
  readonly devices: readonly StatementDevice[];
  /** Where it stands in the committed tree and on the chain; null: nothing is paid. */
  readonly payment: {
    readonly batch: number;
    readonly position: number;
    readonly commitTransaction: string | null;
    readonly mintTransactions: readonly string[];
  } | null;
  /** Everything here follows from this report and the signed readings. */
  readonly reportHash: string;
};

/** What the owner gets of the sales that the epoch counts, and as what. */
export type StatementSales = {
  readonly part: 'device' | 'operator' | 'auction' | 'treasury';
  /** The device or the region; null otherwise. */
  readonly of: string | null;
  readonly name: string | null;
  /** Device-quantity-hours that were sold with a good flag; null where the part is no device's. */
  readonly units: number | null;
  readonly usdc: string;
};

/** `full` less the costs is `earned`; `earned` less `withheld` is `amount`, which is `base + demand`. */
export type StatementDevice = {
  readonly device: string;
  readonly name: string;
  readonly region: string;
  /** The day; earlier than the statement's where it was paid late, from the reserve. */
  readonly epoch: number;
  readonly isLate: boolean;
  readonly scoreBps: number;
  readonly score30Bps: number;
  readonly tier: number;
  readonly density: string;
  /** Among the earning devices of the density cell; null: it earned nothing. */
  readonly rank: number | null;
  readonly slotBps: number;
  /** The earlier device with which it shares a slot. */
  readonly alike: string | null;
  readonly full: string;
  readonly costs: readonly {
    readonly part: 'score' | 'weekly' | 'tier' | 'slot' | 'alike';
    readonly cause: string;
    readonly bps: number | null;
    readonly amount: string;
  }[];
  readonly earned: string;
  readonly withheld: string;
  readonly amount: string;
  readonly base: string;
  readonly demand: string;
};
