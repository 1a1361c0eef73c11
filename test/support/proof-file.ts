/** A proof made of signed batches, as the network makes it: segments, data roots and the event of each commit. */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { RegionCell } from '../../core/ids.ts';
import type { ChainWord } from '../../core/proof/chain-event.ts';
import { encodeProof, PROOF_FORMAT, type Proof } from '../../core/proof/format.ts';
import { batchesIn, claimOf, pathItems, type FoundBatch } from '../../core/proof/make.ts';
import { quantityByCode } from '../../core/reading/quantity.ts';
import { encodeEntryBody, type LogRow } from '../../core/region/codec.ts';
import type { EntryBody } from '../../core/region/entry.ts';
import { segmentRoot } from '../../core/region/segment.ts';
import { dataRoot, segmentPath, type Segment } from '../../core/reward/data-root.ts';
import type { TestDevice } from './signed-post.ts';

export const CONTRACT = `0x${'d1'.repeat(20)}`;
export const CHAIN_ID = 10;

export type SealedRows = { readonly cell: RegionCell; readonly epoch: number; readonly rows: readonly LogRow[] };

/** Rows of a log that begins at `fromSeq`. */
export function logRows(
  fromSeq: number,
  entries: readonly { readonly receivedMs: number; readonly body: EntryBody }[],
): readonly LogRow[] {
  return entries.map(({ receivedMs, body }, index) => ({
    seq: fromSeq + index,
    receivedMs,
    kind: body.kind,
    body: encodeEntryBody(body),
  }));
}

const segmentOf = ({ cell, rows }: SealedRows): Segment => ({
  cell,
  fromSeq: rows[0]?.seq ?? 0,
  toSeq: rows.at(-1)?.seq ?? 0,
  root: segmentRoot(rows),
});

export type ProofOf = {
  readonly device: TestDevice;
  readonly slot: number;
  readonly quantity: string;
  readonly fromMs: number;
  readonly untilMs: number;
};

/** @param sealed those of the device's region are searched in their order; the others share their epochs' trees */
export function makeProof(
  of: ProofOf,
  cell: RegionCell,
  sealed: readonly SealedRows[],
): { readonly proof: Proof; readonly chain: ChainWord } {
  const quantity = quantityByCode(of.quantity);
  if (quantity === undefined) throw new Error(of.quantity);
  const wanted = { ...of, device: of.device.did, quantity };
  const known = new Set<number>();
  const found = sealed
    .filter((one) => one.cell === cell)
    .flatMap((one) => batchesIn(cell, one.rows, wanted, known).map((batch) => ({ ...batch, epoch: one.epoch })));
  const inEpoch = (epoch: number): readonly Segment[] => sealed.filter((one) => one.epoch === epoch).map(segmentOf);
  const epochs = [...new Set(found.map(({ epoch }) => epoch))].toSorted((a, b) => a - b);
  const commits = epochs.map((epoch) => ({
    epoch,
    dataRoot: dataRoot(inEpoch(epoch)),
    chainId: CHAIN_ID,
    contract: CONTRACT,
    transaction: `0x${bytesToHex(Uint8Array.of(epoch % 256)).repeat(32)}`,
    block: 1000 + epoch,
  }));
  const proven = ({ sealed: { segment, ...batch }, epoch }: FoundBatch & { epoch: number }) => ({
    ...batch,
    segment,
    epoch: { number: epoch, path: pathItems(segmentPath(inEpoch(epoch), { cell, ...segment }) ?? []) },
  });
  const proof: Proof = {
    format: PROOF_FORMAT,
    claim: claimOf(
      found.map(({ readings }) => readings),
      wanted,
    ),
    batches: found.map(proven),
    commits,
    unproved: {
      asked: { from: new Date(of.fromMs).toISOString(), until: new Date(of.untilMs).toISOString() },
      verdicts: [],
      license: 'CC-BY-4.0',
      attribution: ['test'],
    },
  };
  const events = commits.map(({ chainId: _chainId, ...event }) => event);
  return { proof, chain: { chainId: CHAIN_ID, contract: CONTRACT, events } };
}

export const bytesOf = (proof: Proof): Uint8Array => new TextEncoder().encode(encodeProof(proof));
