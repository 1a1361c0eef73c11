/**
 * Blocks that a region judged with, against those that follow from the log of the region that made them. Needs both logs;
 * that a region was left out, or its line of a device, is not seen here: the fold has no say in who answers in time.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { encode } from 'cborg';
import type { RegionCell } from '../ids.ts';
import type { Block, BlockDevice } from '../region/block.ts';
import type { NeighbourCellsBody } from '../region/entry.ts';
import { ok, type Result } from '../result.ts';
import { differs, type Difference } from './difference.ts';

/** As much of a block as a comparison needs; an audit holds one for each hour of each region. */
export type ToldBlock = { readonly hash: string; readonly lines: ReadonlySet<string> };

export type UsedBlock = {
  readonly seq: number;
  readonly hour: number;
  readonly cell: RegionCell;
  readonly hash: string | null;
  readonly lines: readonly string[];
};

/** One region's side of the exchange. */
export type BlockRecord = {
  readonly cell: RegionCell;
  /** By hour. */
  readonly told: ReadonlyMap<number, ToldBlock>;
  readonly used: readonly UsedBlock[];
  /** Last hour that its log closes, as far as it was read. */
  readonly toldThrough: number | null;
};

export function toldBlock({ hash, devices }: Block): ToldBlock {
  return { hash, lines: new Set(devices.map(lineDigest)) };
}

export function usedBlocks({ hour, blocks }: NeighbourCellsBody, seq: number): UsedBlock[] {
  return blocks.map(({ cell, hash, devices }) => ({ seq, hour, cell, hash, lines: devices.map(lineDigest) }));
}

/** Half of a hash: nobody makes two lines that look the same. */
function lineDigest(device: BlockDevice): string {
  return bytesToHex(sha256(encode(device))).slice(0, 32);
}

/** @return blocks that were compared */
export function compareBlocks(records: readonly BlockRecord[]): Result<number, Difference> {
  const byCell = new Map(records.map((record) => [record.cell, record]));
  let compared = 0;
  for (const { cell: region, used } of records) {
    for (const { seq, hour, cell, hash, lines } of used) {
      const at = { region, seq, field: `block of ${cell}, hour ${hour}` };
      if (hash === null) {
        if (lines.length > 0) return differs('block', at, `${lines.length} devices`, 'none: it did not answer');
        continue;
      }
      const other = byCell.get(cell);
      // Its log is not at hand, or does not reach so far yet.
      if (other === undefined || other.toldThrough === null || hour > other.toldThrough) continue;
      const told = other.told.get(hour);
      if (told?.hash !== hash) return differs('block', at, hash, told?.hash ?? 'no block');
      const foreign = lines.find((line) => !told.lines.has(line));
      if (foreign !== undefined) return differs('block', at, `a line with digest ${foreign}`, 'no such line');
      compared += 1;
    }
  }
  return ok(compared);
}
