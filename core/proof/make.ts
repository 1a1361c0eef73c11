/** Puts a proof together from a sealed segment, the segments of an epoch, and what the chain was told. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { base64 } from '@scure/base';
import type { DeviceId, RegionCell } from '../ids.ts';
import { merklePath, merkleRoot, type PathStep } from '../merkle-tree.ts';
import { unpackReadings } from '../reading/pack.ts';
import type { Quantity } from '../reading/quantity.ts';
import type { Reading } from '../reading/reading.ts';
import { decodeEntry, type LogRow } from '../region/codec.ts';
import type { BatchBody } from '../region/entry.ts';
import { entryLeaf } from '../region/segment.ts';
import { decodeEvidence } from '../signature/evidence.ts';
import { rfc3339 } from '../time.ts';
import type { Claim, PathItem, PostFields, ProvenBatch } from './format.ts';
import { postOf } from './post.ts';

/** A batch with its way to the root of its segment. */
export type SealedBatch = Omit<ProvenBatch, 'epoch'>;
export type FoundBatch = { readonly sealed: SealedBatch; readonly readings: readonly Reading[] };

export type Wanted = {
  readonly device: DeviceId;
  readonly quantity: Quantity;
  readonly fromMs: number;
  readonly untilMs: number;
};

/**
 * The batches of a segment that first say something of [fromMs, untilMs). `known`: times that earlier batches spoke of;
 * those found here are added to it.
 */
export function batchesIn(
  cell: RegionCell,
  rows: readonly LogRow[],
  wanted: Wanted & { readonly slot: number },
  known: Set<number>,
): readonly FoundBatch[] {
  const found: FoundBatch[] = [];
  let leaves: readonly Uint8Array[] = [];
  for (const [index, row] of rows.entries()) {
    const batch = row.kind === 'batch' ? readRow(row, wanted.slot) : null;
    const news = batch?.readings.filter((one) => isWanted(one, wanted) && !known.has(one.measuredMs)) ?? [];
    if (batch === null || news.length === 0) continue;
    for (const { measuredMs } of news) known.add(measuredMs);
    if (leaves.length === 0) leaves = rows.map(entryLeaf);
    const { body, readings } = batch;
    found.push({
      readings,
      sealed: {
        region: cell,
        post: postOfBatch(body, wanted.device),
        entry: {
          seq: row.seq,
          receivedMs: row.receivedMs,
          slot: body.slot,
          readings: base64.encode(body.readings),
          leaf: bytesToHex(leaves[index] ?? new Uint8Array()),
        },
        segment: {
          fromSeq: rows[0]?.seq ?? 0,
          toSeq: rows.at(-1)?.seq ?? 0,
          root: bytesToHex(merkleRoot(leaves)),
          path: pathItems(merklePath(leaves, index)),
        },
      },
    });
  }
  return found;
}

function isWanted({ quantity, measuredMs }: Reading, wanted: Wanted): boolean {
  return quantity === wanted.quantity.index && measuredMs >= wanted.fromMs && measuredMs < wanted.untilMs;
}

type ReadBatch = { readonly body: BatchBody; readonly readings: readonly Reading[] };

/** Null: of another device. What does not decode is broken storage: the log is written by ourselves. */
function readRow(row: LogRow, slot: number): ReadBatch | null {
  const entry = decodeEntry(row);
  if (!entry.ok) throw new Error(`entry ${row.seq}: ${entry.error.detail}`);
  if (entry.value.kind !== 'batch' || entry.value.slot !== slot) return null;
  const readings = unpackReadings(entry.value.readings);
  if (!readings.ok) throw new Error(`entry ${row.seq}: ${readings.error.detail}`);
  return { body: entry.value, readings: readings.value };
}

function postOfBatch({ evidence }: BatchBody, device: DeviceId): PostFields {
  const decoded = decodeEvidence(evidence);
  if (!decoded.ok) throw new Error(`evidence of ${device}: ${decoded.error.detail}`);
  return postOf(decoded.value, device);
}

export function pathItems(path: readonly PathStep[]): readonly PathItem[] {
  return path.map(({ side, hash }) => ({ side, hash: bytesToHex(hash) }));
}

/** All that these batches say of what was asked, each time once, from the first that speaks of it. */
export function claimOf(batches: readonly (readonly Reading[])[], wanted: Wanted): Claim {
  const { device, quantity } = wanted;
  const said = new Map<number, number>();
  for (const reading of batches.flat()) {
    if (isWanted(reading, wanted) && !said.has(reading.measuredMs)) said.set(reading.measuredMs, reading.steps);
  }
  return {
    device,
    quantity: quantity.code,
    unit: quantity.unit,
    readings: [...said]
      .toSorted(([a], [b]) => a - b)
      .map(([measuredMs, steps]) => ({ time: rfc3339(measuredMs), value: steps / quantity.stepsPerUnit })),
  };
}
