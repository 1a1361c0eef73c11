/** The sealed batches that speak of what is asked for. A segment is opened only if its spans say that it can hold them. */
import { batchesIn, type FoundBatch } from '../../../core/proof/make.ts';
import { canonicalProofQuery, type ProofRequest } from '../../../core/query/proof-request.ts';
import type { TimeRules } from '../../../core/rules/rule-set.ts';
import { hourOf } from '../../../core/time.ts';
import { openArchived } from '../../../durable-objects/region/archive.ts';
import type { EdgeBindings } from '../../env.ts';
import { findSegments, type SegmentPlace } from '../d1/proofs.ts';
import { Lru } from '../lru.ts';

export type PlacedBatch = FoundBatch & {
  /** Whose close sealed its segment. */
  readonly hour: number;
};

/** Segments never change: they are read once for the offer and its payment. Each value may be as large as an answer. */
const found = new Lru<string, readonly PlacedBatch[]>(8);
/** A device that sends every hour's readings again in every batch costs no more than this. */
const MAX_SEGMENTS = 24;

/** In the order of the log. Empty: not sealed, or never said. */
export async function findBatches(
  { DB, ARCHIVE }: Pick<EdgeBindings, 'DB' | 'ARCHIVE'>,
  request: ProofRequest,
  rules: TimeRules,
): Promise<readonly PlacedBatch[]> {
  const places = await findSegments(DB, request.device, hourOf(request.fromMs, rules), rules);
  const name = [canonicalProofQuery(request), ...places.map(({ key }) => key)].join(' ');
  const known = found.get(name);
  if (known !== undefined) return known;
  const batches: PlacedBatch[] = [];
  const times = new Set<number>();
  const isOneReading = request.untilMs - request.fromMs === 1;
  for (const place of places.slice(0, MAX_SEGMENTS)) {
    batches.push(...(await batchesOf(ARCHIVE, place, request, times)));
    if (isOneReading && batches.length > 0) break;
  }
  found.set(name, batches);
  return batches;
}

async function batchesOf(
  archive: R2Bucket,
  { cell, slot, hour, key }: SegmentPlace,
  request: ProofRequest,
  times: Set<number>,
): Promise<readonly PlacedBatch[]> {
  const { rows } = await openArchived(archive, key);
  return batchesIn(cell, rows, { ...request, slot }, times).map((batch) => ({ ...batch, hour }));
}
