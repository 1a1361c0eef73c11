/**
 * Answers of the free routes: network, regions, epochs, evidence. Times are RFC 3339 UTC, values in the unit of their
 * quantity (`/v1/quantities`), token amounts decimal strings of base units.
 */
import { z } from 'zod';
import {
  Address,
  Amount,
  BadFlag,
  Bps,
  Cell,
  Count,
  DeviceKey,
  Flag,
  Hash,
  named,
  Next,
  QuantityCode,
  Status,
  Tests,
  Time,
  Unit,
  type Shape,
} from './shape.ts';

export const MinterStatus = named(
  'MinterStatus',
  z.object({
    address: Address.nullable(),
    balance: z.string().nullable().describe('Wei.'),
    lastFinalEpoch: z.int().nullable(),
    pendingTransactions: Count,
    alarms: z.array(z.string()).describe('Sentences; empty when all is well.'),
    waiting: z
      .string()
      .nullable()
      .describe('Why something is not sent although nothing is wrong, as when the chain is dearer than the limit.'),
  }),
);
export type MinterStatus = Shape<typeof MinterStatus>;

export const StatusAnswer = named(
  'StatusAnswer',
  z.object({
    network: z.object({
      rules: z.string(),
      ruleSetHash: Hash,
      hourSeconds: z.int(),
      epochSeconds: z.int(),
      publicationDelaySeconds: z.int(),
      chainId: z.int(),
      contracts: z.object({ token: Address, distributor: Address, usdc: Address }),
    }),
    time: Time,
    epoch: z.int(),
    regions: Count,
    devices: Count,
    batches: Count,
    readings: Count,
    minter: MinterStatus,
  }),
);
export type StatusAnswer = Shape<typeof StatusAnswer>;

export const HealthAnswer = named(
  'HealthAnswer',
  z.object({ status: z.literal('ok'), rules: z.string(), ruleSetHash: Hash, time: Time }),
);

export const StatisticsAnswer = named(
  'StatisticsAnswer',
  z.object({
    regions: Count,
    devices: z.object({ claimed: Count, active: Count, quarantined: Count, retired: Count }),
    batches: Count,
    readings: Count,
    openFlags: Count.describe('Anomalies that go on.'),
    sales: z.object({
      count: Count.describe('Answers that were paid, by x402 or with credits.'),
      usdc: Amount.describe('What was paid for them; top-ups count as they are spent.'),
    }),
    epochs: z.object({
      closed: Count,
      final: Count.describe('Minted, and past reorganization.'),
      tokensPaid: Amount.describe('Of epochs that are minted or final.'),
      usdcPaid: Amount.describe('Share of sales that went to owners and operators in these epochs.'),
    }),
  }),
);
export type StatisticsAnswer = Shape<typeof StatisticsAnswer>;

/** `POST /v1/admin/minter/resume`: sentences. */
export const MinterResumption = named(
  'MinterResumption',
  z.object({
    done: z.array(z.string()),
    waits: z.array(z.string()).describe('What has to be repeated later.'),
  }),
);
export type MinterResumption = Shape<typeof MinterResumption>;

export const QuantitiesAnswer = named(
  'QuantitiesAnswer',
  z.object({
    quantities: z.array(
      z.object({
        code: QuantityCode,
        label: z.string(),
        unit: Unit,
        ucum: z.string().describe('UCUM code of the same unit.'),
        resolution: z.number(),
        standardName: z.string().nullable().describe('CF standard name.'),
        acceptedUnits: z.array(z.string()).describe('Units in which devices may send it.'),
        links: z
          .object({ standardName: z.url().nullable(), latest: z.string() })
          .describe('The definition in the CF table, and its latest values here.'),
      }),
    ),
  }),
);
export type QuantitiesAnswer = Shape<typeof QuantitiesAnswer>;

export const RegionItem = named(
  'RegionItem',
  z.object({
    cell: Cell,
    name: z.string(),
    boundary: z
      .array(z.tuple([z.number(), z.number()]))
      .describe('GeoJSON order: [longitude, latitude] in degrees, not closed.'),
    devices: Count,
    batches: Count,
    readings: Count,
    closedUntil: Time.nullable().describe('End of the last hour with final verdicts, null before the first.'),
  }),
);
export type RegionItem = Shape<typeof RegionItem>;

export const RegionsAnswer = named('RegionsAnswer', z.object({ regions: z.array(RegionItem) }));
export type RegionsAnswer = Shape<typeof RegionsAnswer>;

/** `scoreBps` is availability x integrity x reliability, each product rounded down; 10,000 less all costs. */
export const StationDay = named(
  'StationDay',
  z.object({
    epoch: z.int(),
    scoreBps: Bps,
    availabilityBps: Bps,
    integrityBps: Bps,
    reliabilityBps: Bps,
    costs: z
      .array(z.object({ cause: z.string(), bps: z.int() }))
      .describe(
        'Code of a test, or missing, maintenance, memory (bad hours of the days before), unverified (no neighbors), rounding.',
      ),
    weeklyBps: Bps.describe('Mean of about a week.'),
    eligible: z.boolean().describe('The weekly score lets the device earn.'),
  }),
);
export type StationDay = Shape<typeof StationDay>;

export const LatestValue = named(
  'LatestValue',
  z.object({
    quantity: QuantityCode,
    value: z.number(),
    unit: Unit,
    hour: Time.describe('Start of the hour, RFC 3339.'),
    flag: Flag,
    tests: Tests,
  }),
);
export type LatestValue = Shape<typeof LatestValue>;

export const Station = named(
  'Station',
  z.object({
    device: DeviceKey,
    name: z.string(),
    status: Status,
    owner: Address,
    tier: z.int(),
    latitude: z.number(),
    longitude: z.number(),
    elevationM: z.number().nullable(),
    scoreBps: Bps.nullable().describe('Score of the last closed epoch in basis points, null before it.'),
    day: StationDay.nullable().describe('That epoch’s score explained to the last point.'),
    latest: z.array(LatestValue).describe('Hourly means, at least the publication delay old.'),
  }),
);
export type Station = Shape<typeof Station>;

export const FlagItem = named(
  'FlagItem',
  z.object({
    device: DeviceKey,
    name: z.string(),
    quantity: QuantityCode,
    test: z.string().describe('Stable code of the test.'),
    flag: BadFlag,
    start: Time,
    end: Time.nullable().describe('Null: goes on.'),
    severity: z.number().describe('Worst so far, in times the test’s own limit.'),
    against: z
      .array(z.object({ device: z.string(), name: z.string() }))
      .describe('Devices that it was compared with, nearest first.'),
    reason: z.string().describe('What was measured against what was expected.'),
    remedy: z.string().describe('What to do.'),
  }),
);
export type FlagItem = Shape<typeof FlagItem>;

/** `GET /v1/regions/{cell}` */
export const RegionAnswer = named(
  'RegionAnswer',
  RegionItem.extend({ stations: z.array(Station), flags: z.array(FlagItem).describe('Newest first.') }),
);
export type RegionAnswer = Shape<typeof RegionAnswer>;

export const EpochItem = named(
  'EpochItem',
  z.object({
    epoch: z.int(),
    start: Time,
    end: Time,
    state: z.enum(['computed', 'committing', 'committed', 'minting', 'minted', 'final', 'revoked']),
    total: Amount,
    reserved: Amount,
    usdcTotal: Amount,
    sales: Count.describe('That it counts, `usdcTotal` in all.'),
    usageHash: z.string().describe('Of the usage list, `/v1/usage/{epoch}`.'),
    recipients: Count,
    devices: Count,
    root: z.string(),
    reportHash: z.string(),
    dataRoot: z.string(),
    commitTransaction: z.string().nullable(),
    mintTransactions: z.array(z.string()),
  }),
);
export type EpochItem = Shape<typeof EpochItem>;

export const EpochsAnswer = named(
  'EpochsAnswer',
  z.object({ epochs: z.array(EpochItem).describe('Newest first.'), next: Next }),
);
export type EpochsAnswer = Shape<typeof EpochsAnswer>;

export const PayoutItem = named(
  'PayoutItem',
  z.object({
    owner: Address,
    amount: Amount,
    usdc: Amount,
    shares: z.array(z.object({ device: DeviceKey, name: z.string(), scoreBps: Bps, weightBps: Bps, amount: Amount })),
  }),
);
export type PayoutItem = Shape<typeof PayoutItem>;

/** `GET /v1/epochs/{epoch}` */
export const EpochAnswer = named('EpochAnswer', EpochItem.extend({ payouts: z.array(PayoutItem) }));
export type EpochAnswer = Shape<typeof EpochAnswer>;

/** `GET /v1/evidence`: whose logs there are. */
export const EvidenceRegionsAnswer = named('EvidenceRegionsAnswer', z.object({ regions: z.array(Cell) }));
export type EvidenceRegionsAnswer = Shape<typeof EvidenceRegionsAnswer>;

/** `GET /v1/evidence/{cell}`: sealed segments of a region's log, oldest first. */
export const EvidenceAnswer = named(
  'EvidenceAnswer',
  z.object({
    segments: z.array(z.object({ key: z.string(), fromSeq: Count, toSeq: Count, root: Hash, hour: z.int() })),
  }),
);
export type EvidenceAnswer = Shape<typeof EvidenceAnswer>;

/** RFC 9457. `code` is stable; `type` is `https://isobar.example/problems/{code}`. */
export const Problem = named(
  'Problem',
  z
    .looseObject({
      type: z.url(),
      title: z.string(),
      status: z.int(),
      code: z.string().describe('Stable; the words may change.'),
      detail: z.string(),
      remedy: z.string().describe('What to do about it.'),
    })
    .describe('RFC 9457. Further members are named by the code (docs/protocol.md).'),
);
/** Without the open end, so that a misspelled member does not compile. */
export type Problem = Readonly<Record<'type' | 'title' | 'code' | 'detail' | 'remedy', string>> & {
  readonly status: number;
};
