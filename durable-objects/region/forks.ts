/** Forks that the fold found, with the batches as their device posted them: R2 holds the file, D1 the row that finds it. */
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../../core/canonical-json.ts';
import type { ForkProof } from '../../core/proof/fork-format.ts';
import type { PostFields } from '../../core/proof/format.ts';
import { postOf } from '../../core/proof/post.ts';
import { decodeEntry, type LogRow } from '../../core/region/codec.ts';
import type { BatchBody } from '../../core/region/entry.ts';
import type { ForkReport } from '../../core/region/outputs.ts';
import { segmentPrefix } from '../../core/region/segment.ts';
import type { DeviceId, RegionCell } from '../../core/ids.ts';
import { decodeEvidence } from '../../core/signature/evidence.ts';
import { rfc3339 } from '../../core/time.ts';
import { bulkUpsert } from '../../schema/d1/bulk-upsert.ts';
import { deviceForks } from '../../schema/d1/device-forks.ts';
import { logLine } from '../log.ts';
import { archivedKeys, openArchived } from './archive.ts';
import type { Stores } from './publish.ts';
import type { RegionStore } from './store.ts';

type Found = BatchBody & { readonly receivedMs: number };

export async function forkRows(
  forks: readonly ForkReport[],
  hour: number,
  cell: RegionCell,
  store: RegionStore,
  stores: Stores,
): Promise<D1PreparedStatement[]> {
  const rows: (typeof deviceForks.$inferInsert)[] = [];
  for (const { device, older, seq, parent, verdict, branches } of forks) {
    const batches = await Promise.all(branches.map((list) => findBatches(list, cell, store, stores)));
    const proof = forkProof(device, cell, parent !== '', verdict, branches, batches);
    if (proof === null) {
      // Broken storage of our own; the fold's word stands, and hours go on closing.
      logLine({ code: 'fork-without-evidence', region: cell, device, older, seq });
      continue;
    }
    const key = `fork/${cell}/${older}-${seq}-${hour}.json`;
    await stores.archive.put(key, utf8ToBytes(canonicalJson(proof)), {
      httpMetadata: { contentType: 'application/json' },
    });
    const receivedMs = Math.max(...batches.flatMap((found) => found?.map((batch) => batch.receivedMs) ?? []));
    rows.push({ cell, older, seq, hour, device, verdict, receivedMs, branches, proof: key });
  }
  return bulkUpsert(stores.db, deviceForks, rows, {
    replace: ['device', 'verdict', 'receivedMs', 'branches', 'proof'],
  });
}

function forkProof(
  device: DeviceId,
  region: ForkProof['region'],
  isKnown: boolean,
  verdict: ForkProof['verdict'],
  seqs: readonly (readonly number[])[],
  [older = null, younger = null]: readonly (readonly Found[] | null)[],
): ForkProof | null {
  if (older === null || younger === null) return null;
  const { previous } = younger[0] ?? {};
  const posts = [older, younger].map((batches) => batches.map((batch) => postOfBatch(batch, device)));
  const [one = [], two = []] = posts.map((branch) => branch.filter((post) => post !== null));
  if (one.length !== older.length || two.length !== younger.length) return null;
  const received = [older, younger].map((batches) => batches.map(({ receivedMs }) => rfc3339(receivedMs)));
  return {
    format: 'isobar-fork-1',
    device,
    region,
    parent: isKnown && previous !== undefined ? bytesToHex(previous) : null,
    verdict,
    branches: [one, two],
    unproved: { seqs, received },
  };
}

function postOfBatch(batch: BatchBody, device: DeviceId): PostFields | null {
  const evidence = decodeEvidence(batch.evidence);
  return evidence.ok ? postOf(evidence.value, device) : null;
}

/** From the log here, or, where that has been dropped, from the archive. Null: not all are there. */
async function findBatches(
  seqs: readonly number[],
  cell: string,
  store: RegionStore,
  { archive }: Stores,
): Promise<readonly Found[] | null> {
  const rows = new Map<number, LogRow>();
  for (const seq of seqs) for (const row of store.rows(seq, seq)) rows.set(seq, row);
  const isMissing = (seq: number): boolean => !rows.has(seq);
  if (seqs.some(isMissing)) {
    for (const key of await archivedKeys(archive, cell)) {
      const [from = 0, to = 0] = key.slice(segmentPrefix(cell).length).split('-').map(Number);
      if (!seqs.some((seq) => isMissing(seq) && from <= seq && seq <= to)) continue;
      for (const row of (await openArchived(archive, key)).rows) if (seqs.includes(row.seq)) rows.set(row.seq, row);
    }
  }
  const found = seqs.flatMap((seq) => {
    const row = rows.get(seq);
    const entry = row === undefined ? null : decodeEntry(row);
    return entry?.ok === true && entry.value.kind === 'batch' ? [entry.value] : [];
  });
  return found.length === seqs.length ? found : null;
}
