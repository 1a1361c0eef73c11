/**
 * Everything the network may change its mind about, in one value with a version and a hash. Durations are seconds.
 * Rules change only at an announced epoch boundary, by a `rule-set` entry in every region's log.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../canonical-json.ts';
import type { T } from '../qc/thresholds.ts';
import type { TRAIT_CONSTANTS } from '../qc/traits.ts';
import type { QuantityCode } from '../reading/quantity.ts';

export type RuleSet = {
  readonly name: 'main' | 'local';
  readonly version: number;
  readonly time: TimeRules;
  readonly quality: Readonly<Record<QuantityCode, QualityRules>>;
  /** Thresholds of the hourly tests: here so that the hash covers them. */
  readonly hourly: typeof T;
  /** How quantities behave between places (core/qc/traits.ts), for the hash as well. */
  readonly traits: typeof TRAIT_CONSTANTS;
  readonly consistency: ConsistencyRules;
  readonly score: ScoreRules;
  readonly reward: RewardRules;
};

export type TimeRules = {
  /** Length of an hour; 3,600 except on the local network. */
  readonly hourSeconds: number;
  /** Length of an epoch; always 24 hours of the rule set. */
  readonly epochSeconds: number;
  /** An hour closes this long after its end. */
  readonly graceSeconds: number;
  /** An hour that has closed waits this much longer for what the regions around say of it. */
  readonly blockWaitSeconds: number;
  /** A reading may be measured this far ahead of its receipt (device clock error). */
  readonly maxAheadSeconds: number;
  /** A reading may be this old at its receipt. */
  readonly maxAgeSeconds: number;
  /** A region's first hour may start this long before its first batch. */
  readonly backfillSeconds: number;
  /** Backfilled hours close once every active device is past them, or this long after the first batch. */
  readonly backfillWaitSeconds: number;
  /** Exact duplicate check for readings this close to the device's newest. */
  readonly duplicateWindowSeconds: number;
  /** Receipts are repeated in full for this long. */
  readonly receiptSeconds: number;
  /** Values younger than this go only to owners and paid streams. */
  readonly publicationDelaySeconds: number;
  /** Sealed evidence is kept in the object for this long, too. */
  readonly logKeepSeconds: number;
  /** An epoch closes without the regions that are still open this long after its end. */
  readonly epochWaitSeconds: number;
};

/** Thresholds of one quantity, in its canonical unit. Sources: Zahumensky 2004 (WMO), NOAA MADIS level 1, sensor data sheets; docs/quality.md. */
export type QualityRules = {
  /** Outside: fail. */
  readonly failMin: number;
  readonly failMax: number;
  /** Outside: suspect. */
  readonly suspectMin: number;
  readonly suspectMax: number;
  /** Largest honest change between neighbouring readings: `stepBase + stepPerHour * hours`, null: not tested. */
  readonly stepBase: number | null;
  readonly stepPerHour: number;
  /** Identical values for longer than this: suspect, twice as long: fail. Null: not tested. */
  readonly flatHours: number | null;
  /** A flat run at or below this value is natural (no rain, no light, gas at the detection limit). */
  readonly flatFloor: number | null;
};

/** How far a quantity may exceed what it cannot exceed: up to factor x the other + slack, in their unit. */
type Tolerance = {
  readonly suspectFactor: number;
  readonly suspectSlack: number;
  readonly failFactor: number;
  readonly failSlack: number;
};

export type ConsistencyRules = {
  /** A finer particle fraction and a coarser one. */
  readonly fractions: Tolerance;
  /** The dew point and the temperature. */
  readonly dewPoint: Tolerance;
  /** The mean wind and its gust. */
  readonly gust: Tolerance;
};

export type ScoreRules = {
  /** Share of the day's hours that counts as complete, in basis points (WeatherXM .67-.85, CrowdQC+ .8). */
  readonly availabilityBps: number;
  /** Weight of a suspect hour in basis points of a good one. */
  readonly suspectBps: number;
  /** Integrity lost per day whose every hour failed a device-level test, remembered for `memoryDays`. */
  readonly memoryDays: number;
  /** Reliability of a day without an hour that neighbors could confirm; between it and 10,000 it follows their share. */
  readonly unverifiedBps: number;
  /** An hour counts as confirmed from this share of its comparable quantities on. */
  readonly confirmedShareBps: number;
  /** A device earns from this weekly score on, and stops below the lower one: it does not flicker in between. */
  readonly eligibleBps: number;
  readonly ineligibleBps: number;
  /** The weekly score moves by one part in this many towards each day's. */
  readonly weeklyDays: number;
  /** Hours under announced maintenance that cost nothing, within `maintenanceDays`. */
  readonly maintenanceHours: number;
  readonly maintenanceDays: number;
  /** A window ends at most this many days after its announcement. */
  readonly maintenanceAheadDays: number;
  /** A move of this distance costs a full score; a shorter one its share. */
  readonly relocationMeters: number;
};

export type RewardRules = {
  /** Base units of RewardToken (18 decimals), as decimal text so that the hash covers it exactly. */
  readonly capBaseUnits: string;
  /** First year's emission in basis points of the cap. */
  readonly firstYearBps: number;
  /** Each year's emission is this many percent of the year before. */
  readonly yearlyPercent: number;
  readonly epochsPerYear: number;
  /** Share of an epoch's emission that is paid whatever was sold; the rest is released by burning. */
  readonly baseBps: number;
  /** Score in basis points at and below which nothing is earned; rises linearly to 10,000. */
  readonly rampFromBps: number;
  /** Weight by tier 0, 1, 2 in basis points. */
  readonly tierBps: readonly [number, number, number];
  /** Weight by rank among the earning devices of a density cell; further ranks earn nothing. */
  readonly slotBps: readonly number[];
  /** At least this many full weights share the pot. */
  readonly minimumWeights: number;
  readonly batchRecipients: number;
  /** A region that closed an epoch too late is waited for this many epochs; then what was set aside for it lapses. */
  readonly reserveEpochs: number;
  /** Split of a sale's USDC; the rest goes to the treasury. */
  readonly saleDevicesBps: number;
  readonly saleOperatorBps: number;
  readonly saleBurnBps: number;
};

/** sha-256 of the RFC 8785 form, lower-case hex. */
export function hashRuleSet(rules: RuleSet): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(rules))));
}
