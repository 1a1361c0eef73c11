/** A fork file (docs/proofs.md): two branches of batches that one key signed. Canonical JSON (RFC 8785), as a proof is. */
import { canonicalJson } from '../canonical-json.ts';
import { parseRegionCell, type RegionCell } from '../ids.ts';
import type { ForkVerdict } from '../region/fork.ts';
import type { Result } from '../result.ts';
import type { Fault } from './fault.ts';
import { POST, readCanonical, type PostFields } from './format.ts';
import { anything, is, list, literal, nullable, oneOf, pattern, record, text } from './shape.ts';

export const FORK_FORMAT = 'isobar-fork-1';

export type ForkProof = {
  readonly format: typeof FORK_FORMAT;
  readonly device: string;
  readonly region: RegionCell;
  /** Digest that the first batch of both branches names, hex; null: they are only known to go on side by side. */
  readonly parent: string | null;
  /** `open` and `ended`: that there is a fork, and nothing more. */
  readonly verdict: ForkVerdict;
  /** The older one first; each batch names the one before it. */
  readonly branches: readonly [readonly PostFields[], readonly PostFields[]];
  /** What the network says: places in the log and times of receipt. */
  readonly unproved: {
    readonly seqs: readonly (readonly number[])[];
    readonly received: readonly (readonly string[])[];
  };
};

const branch = list(POST, 1);
const SHAPE = record({
  format: literal(FORK_FORMAT),
  device: text,
  region: is((given) => parseRegionCell(given).ok, 'an H3 cell of resolution 3'),
  parent: nullable(pattern(/^[0-9a-f]{64}$/, '64 lower-case hex digits')),
  verdict: oneOf('open', 'conflict', 'both-go-on', 'ended'),
  branches: (given, at) => {
    const both = is((value) => Array.isArray(value) && value.length === 2, 'two branches')(given, at);
    return both.ok ? list(branch, 2)(given, at) : both;
  },
  unproved: anything,
});

export function encodeForkProof(proof: ForkProof): string {
  return canonicalJson(proof);
}

export function parseForkProof(bytes: Uint8Array): Result<ForkProof, Fault> {
  return readCanonical<ForkProof>(bytes, SHAPE);
}
