/**
 * Answers of the free routes. Plain types: the pages import them, nothing else. Times are RFC 3339 UTC, values in the
 * unit of their quantity (`/v1/quantities`), token amounts decimal strings of base units.
 */
export type StatusAnswer = {
  readonly network: {
    readonly rules: string;
    readonly ruleSetHash: string;
    readonly hourSeconds: number;
    readonly epochSeconds: number;
    readonly publicationDelaySeconds: number;
    readonly chainId: number;
    readonly contracts: { readonly token: string; readonly distributor: string; readonly usdc: string };
  };
  readonly time: string;
  readonly epoch: number;
  readonly regions: number;
  readonly devices: number;
  readonly batches: number;
  readonly readings: number;
  readonly minter: MinterStatus;
};

export type MinterStatus = {
  readonly address: string | null;
  /** Wei. */
  readonly balance: string | null;
  readonly lastFinalEpoch: number | null;
  readonly pendingTransactions: number;
  /** Sentences; empty when all is well. */
  readonly alarms: readonly string[];
  /** A sentence: why something is not sent although nothing is wrong, as when the chain is dearer than the limit. */
  readonly waiting: string | null;
};

/** `POST /v1/admin/minter/resume`: sentences. */
export type MinterResumption = {
  readonly done: readonly string[];
  /** What has to be repeated later. */
  readonly waits: readonly string[];
};

export type QuantitiesAnswer = {
  readonly quantities: readonly {
    readonly code: string;
    readonly label: string;
    readonly unit: string;
    readonly ucum: string;
    readonly resolution: number;
    readonly standardName: string | null;
    readonly acceptedUnits: readonly string[];
  }[];
};

export type RegionsAnswer = { readonly regions: readonly RegionItem[] };
export type RegionItem = {
  readonly cell: string;
  readonly name: string;
  /** GeoJSON order: [longitude, latitude] in degrees, not closed. */
  readonly boundary: readonly (readonly [number, number])[];
  readonly devices: number;
  readonly batches: number;
  readonly readings: number;
  /** End of the last hour with final verdicts, null before the first. */
  readonly closedUntil: string | null;
};

/** `GET /v1/regions/{cell}` */
export type RegionAnswer = RegionItem & {
  readonly stations: readonly Station[];
  /** Newest first. */
  readonly flags: readonly FlagItem[];
};

export type Station = {
  readonly device: string;
  readonly name: string;
  readonly status: 'claimed' | 'active' | 'quarantined' | 'retired';
  readonly owner: string;
  readonly tier: number;
  readonly latitude: number;
  readonly longitude: number;
  readonly elevationM: number | null;
  /** Score of the last closed epoch in basis points, null before it. */
  readonly scoreBps: number | null;
  /** That epoch's score explained to the last point. */
  readonly day: StationDay | null;
  /** Hourly means, at least the publication delay old. */
  readonly latest: readonly LatestValue[];
};

/** `scoreBps` is availability x integrity x reliability, each product rounded down; 10,000 less all costs. */
export type StationDay = {
  readonly epoch: number;
  readonly scoreBps: number;
  readonly availabilityBps: number;
  readonly integrityBps: number;
  readonly reliabilityBps: number;
  /** `cause`: code of a test, or missing, maintenance, memory (bad hours of the days before), unverified (no neighbors), rounding. */
  readonly costs: readonly { readonly cause: string; readonly bps: number }[];
  /** Mean of about a week; `eligible`: it lets the device earn. */
  readonly weeklyBps: number;
  readonly eligible: boolean;
};

export type LatestValue = {
  readonly quantity: string;
  readonly value: number;
  readonly unit: string;
  /** Start of the hour. */
  readonly hour: string;
  readonly flag: 1 | 2 | 3 | 4 | 9;
  readonly tests: readonly string[];
};

export type FlagItem = {
  readonly device: string;
  readonly name: string;
  readonly quantity: string;
  /** Stable code of the test. */
  readonly test: string;
  /** 3 suspect, 4 fail. */
  readonly flag: 3 | 4;
  readonly start: string;
  /** Null: goes on. */
  readonly end: string | null;
  /** Worst so far, in times the test's own limit. */
  readonly severity: number;
  /** Devices that it was compared with, nearest first. */
  readonly against: readonly { readonly device: string; readonly name: string }[];
  /** What was measured against what was expected, and what to do: one sentence each. */
  readonly reason: string;
  readonly remedy: string;
};

export type EpochsAnswer = { readonly epochs: readonly EpochItem[] };
export type EpochItem = {
  readonly epoch: number;
  readonly start: string;
  readonly end: string;
  readonly state: 'computed' | 'committing' | 'committed' | 'minting' | 'minted' | 'final' | 'revoked';
  readonly total: string;
  readonly reserved: string;
  readonly usdcTotal: string;
  /** That it counts, `usdcTotal` in all. */
  readonly sales: number;
  /** Of the usage list, `/v1/usage/{epoch}`. */
  readonly usageHash: string;
  readonly recipients: number;
  readonly devices: number;
  readonly root: string;
  readonly reportHash: string;
  readonly dataRoot: string;
  readonly commitTransaction: string | null;
  readonly mintTransactions: readonly string[];
};

/** `GET /v1/epochs/{epoch}` */
export type EpochAnswer = EpochItem & { readonly payouts: readonly PayoutItem[] };
export type PayoutItem = {
  readonly owner: string;
  readonly amount: string;
  readonly usdc: string;
  readonly shares: readonly {
    readonly device: string;
    readonly name: string;
    readonly scoreBps: number;
    readonly weightBps: number;
    readonly amount: string;
  }[];
};

/** `GET /v1/evidence`: whose logs there are. */
export type EvidenceRegionsAnswer = { readonly regions: readonly string[] };

/** `GET /v1/evidence/{cell}`: sealed segments of a region's log, oldest first. */
export type EvidenceAnswer = {
  readonly segments: readonly {
    readonly key: string;
    readonly fromSeq: number;
    readonly toSeq: number;
    readonly root: string;
    readonly hour: number;
  }[];
};

/** RFC 9457. `code` is stable; `type` is `https://isobar.example/problems/{code}`. */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly remedy: string;
};
