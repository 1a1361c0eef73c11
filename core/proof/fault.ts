/** What a check of a proof ends with: the first thing that is wrong, with its place in the file. */
import { err, type Err } from '../result.ts';

/** A sentence each; people search for them, programs for the reason. */
const SENTENCES = {
  format: 'The file is not a proof of this format',
  post: 'The header fields of a batch cannot be read or contradict each other',
  device: 'A batch was not posted by the device of the claim',
  digest: 'The body of a batch is not the one whose digest was signed',
  signature: 'A batch is not signed by its device',
  'ingest-path': 'A batch was signed for another region',
  'upload-time': 'A batch was logged at a time at which its signature was not valid',
  readings: 'The logged readings are not the signed ones',
  chain: 'A batch does not name the one before it',
  fork: 'The two branches do not show what the file says of them',
  claim: 'A reading of the claim is in no batch',
  unused: 'The file holds what nothing in it needs',
  leaf: "The log entry is not the one whose hash is the tree's leaf",
  segment: "The path does not lead from the leaf to its segment's root",
  root: "The path does not lead from the segment to the epoch's data root",
  event: 'The chain has committed something else',
} as const;

export type FaultReason = keyof typeof SENTENCES;

export type Fault = {
  readonly reason: FaultReason;
  /** In the file: `batches[0].entry.leaf`. */
  readonly at: string;
  readonly found: string;
  readonly expected: string;
};

export function faultSentence(reason: FaultReason): string {
  return SENTENCES[reason];
}

export function fault(
  reason: FaultReason,
  at: string,
  found: string | number | null,
  expected: string | number,
): Err<Fault> {
  return err({ reason, at, found: String(found).slice(0, 200), expected: String(expected).slice(0, 200) });
}
