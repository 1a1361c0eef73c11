/**
 * The epoch report: everything a stranger needs to recompute an epoch's root, as canonical JSON (RFC 8785). It holds no
 * time of computation and nothing that moves later, so computing it again gives the same bytes and the same hash.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../canonical-json.ts';
import { err, ok, type Result } from '../result.ts';
import type { PayoutBatch } from './batches.ts';
import type { Carry } from './reserve.ts';
import { batchLeaf, merkleRoot, type Hex } from './merkle.ts';

/** Amounts are decimal strings of base units: doubles end at 2^53. */
export type EpochReport = {
  readonly format: 'isobar-epoch-2';
  readonly epoch: number;
  /** Position in the emission schedule. */
  readonly index: number;
  /** Hash of the report before; null in the first epoch. */
  readonly previous: string | null;
  readonly ruleSetHash: string;
  readonly emission: string;
  readonly burned: string;
  readonly pot: string;
  /** Sum of the batches: this epoch's device-days and late ones. */
  readonly total: string;
  /** Sum of `reserves`: what is still waited for. */
  readonly reserved: string;
  /** Of quarantined devices, late ones included: never minted. */
  readonly withheld: string;
  /** Set aside in earlier epochs and not needed, or not called for in time: never minted. */
  readonly lapsed: string;
  /** `pot + reserves before - total - reserved - withheld - lapsed`, from rounding down and the least weight: never minted. */
  readonly unreleased: string;
  readonly usdcTotal: string;
  readonly usage: ReportUsage;
  /** In units of 1e-12 of a full weight. */
  readonly weightTotal: string;
  readonly divisor: string;
  readonly root: Hex;
  readonly dataRoot: string;
  readonly segments: number;
  /** By cell. Which regions had closed the epoch when it closed, and which are missing. */
  readonly regions: readonly ReportRegion[];
  readonly missing: readonly ReportRegion[];
  readonly devices: readonly ReportDevice[];
  /** By cell: when each region last took part (null: not yet), what it weighed then, and is expected to weigh where it is missing. */
  readonly weights: readonly RegionWeight[];
  /** Device-days of earlier epochs, of regions that had not closed in time. */
  readonly late: readonly ReportLate[];
  readonly reserves: readonly ReportReserve[];
  readonly batches: readonly ReportBatch[];
};

/** Sales that finalized before the epoch's end and that no earlier epoch counted. USDC base units. */
export type ReportUsage = {
  /** Of the usage list (core/reward/usage.ts), from which all the rest follows. */
  readonly hash: string;
  /** Sales that are split; their USDC is `usdcTotal`. */
  readonly sales: number;
  readonly topUps: string;
  readonly spent: string;
  /** Credits paid for and not spent: as in the report before, and `topUps - spent`. */
  readonly unspent: string;
  /** Null where no sale is split. */
  readonly payees: { readonly auction: string; readonly treasury: string } | null;
  readonly burn: string;
  readonly treasury: string;
  readonly operators: readonly { readonly cell: string; readonly operator: string; readonly usdc: string }[];
  readonly devices: readonly ReportDeviceUsage[];
};

export type ReportDeviceUsage = {
  readonly device: string;
  readonly owner: string;
  readonly units: number;
  readonly usdc: string;
};

export type ReportRegion = { readonly cell: string };

type RegionWeight = { readonly cell: string; readonly weight: string; readonly counted: number | null };

type ReportReserve = {
  readonly epoch: number;
  readonly cell: string;
  readonly weight: string;
  readonly amount: string;
};

type ReportLate = ReportReserve & {
  readonly found: string;
  readonly paid: string;
  readonly withheld: string;
  readonly lapsed: string;
  readonly devices: readonly ReportDevice[];
};

export type ReportDevice = {
  readonly device: string;
  readonly cell: string;
  readonly owner: string;
  readonly scoreBps: number;
  readonly score30Bps: number;
  readonly eligible: boolean;
  readonly tier: number;
  readonly density: string;
  readonly claimedMs: number;
  readonly alike?: string;
  readonly rank: number | null;
  readonly slotBps: number;
  readonly weight: number;
  readonly amount: string;
  readonly frozen: boolean;
};

type ReportBatch = {
  readonly index: number;
  readonly leaf: Hex;
  readonly to: readonly string[];
  readonly amount: readonly string[];
  readonly usdc: readonly string[];
};

export function encodeReport(report: EpochReport): string {
  return canonicalJson(report);
}

/** sha-256 of the canonical text, lower-case hex; also the report's name in the archive. */
export function hashReport(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

export function reportKey(hash: string): string {
  return `reports/${hash}.json`;
}

/** What the next epoch starts from. Only of a text whose hash is known: then it has the shape that encodeReport gave it. */
export function carryOf(text: string): Carry {
  const { weights, reserves, usage } = JSON.parse(text) as EpochReport;
  return {
    previous: hashReport(text),
    weights: new Map(weights.map(({ cell, weight }) => [cell, BigInt(weight)])),
    unspent: BigInt(usage.unspent),
    counted: new Map(weights.flatMap(({ cell, counted }) => (counted === null ? [] : [[cell, counted]]))),
    reserves: reserves.map((reserve) => ({
      ...reserve,
      weight: BigInt(reserve.weight),
      amount: BigInt(reserve.amount),
    })),
  };
}

export type BadReport =
  | { readonly reason: 'report-hash-differs'; readonly expected: string; readonly found: string }
  | { readonly reason: 'report-root-differs'; readonly expected: string; readonly found: string };

/** The batches of a stored report, believed only if text and root are the ones that were committed. */
export function batchesOfReport(
  text: string,
  reportHash: string,
  root: string,
): Result<readonly PayoutBatch[], BadReport> {
  const found = hashReport(text);
  if (found !== reportHash) return err({ reason: 'report-hash-differs', expected: reportHash, found });
  // The hash is ours, so the text has the shape that encodeReport gave it.
  const report = JSON.parse(text) as EpochReport;
  const batches = report.batches.map((batch): PayoutBatch => {
    const fields = {
      epoch: report.epoch,
      index: batch.index,
      to: batch.to,
      amount: batch.amount.map(BigInt),
      usdcAmount: batch.usdc.map(BigInt),
    };
    return { ...fields, leaf: batchLeaf(fields) };
  });
  const computed = merkleRoot(batches.map((batch) => batch.leaf));
  return computed === root ? ok(batches) : err({ reason: 'report-root-differs', expected: root, found: computed });
}
