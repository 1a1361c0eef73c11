/**
 * A proof file (docs/proofs.md): canonical JSON (RFC 8785), so that no byte of it can be changed without changing what it
 * says. Everything outside `unproved` is checked by core/proof/check.ts, or refused here.
 */
import { canonicalJson } from '../canonical-json.ts';
import { parseRegionCell, type RegionCell } from '../ids.ts';
import { bodyText } from '../ingest/body-text.ts';
import { nestsDeeper } from '../json-depth.ts';
import { ok, type Result } from '../result.ts';
import { fault, type Fault } from './fault.ts';
import {
  anything,
  base64Text,
  hex32,
  is,
  list,
  literal,
  nullable,
  oneOf,
  pattern,
  record,
  text,
  timeText,
  value,
  whole,
  type Shape,
} from './shape.ts';

export const PROOF_FORMAT = 'isobar-proof-1';
export const PROOF_MEDIA_TYPE = 'application/vnd.isobar.proof+json';

export type Proof = {
  readonly format: typeof PROOF_FORMAT;
  readonly claim: Claim;
  readonly batches: readonly ProvenBatch[];
  /** One for each epoch that a batch names, rising. */
  readonly commits: readonly ProvenCommit[];
  readonly unproved: Unproved;
};

/** What the device said. That it said nothing else is not claimed. */
export type Claim = {
  /** did:key */
  readonly device: string;
  readonly quantity: string;
  readonly unit: string;
  /** In the order of time, each time once. */
  readonly readings: readonly { readonly time: string; readonly value: number }[];
};

export type ProvenBatch = {
  readonly region: RegionCell;
  readonly post: PostFields;
  readonly entry: {
    readonly seq: number;
    readonly receivedMs: number;
    /** The device's number in its region. */
    readonly slot: number;
    /** core/reading/pack.ts, base64. */
    readonly readings: string;
    readonly leaf: string;
  };
  readonly segment: {
    readonly fromSeq: number;
    readonly toSeq: number;
    readonly root: string;
    readonly path: readonly PathItem[];
  };
  readonly epoch: { readonly number: number; readonly path: readonly PathItem[] };
};

/** The signed request (RFC 9421) with the components that it covers. */
export type PostFields = {
  readonly method: 'POST';
  readonly authority: string;
  readonly path: string;
  readonly contentType: string;
  readonly contentEncoding: 'gzip' | null;
  readonly contentDigest: string;
  /** Only where it was sent. */
  readonly previousDigest?: string;
  readonly signatureInput: string;
  readonly signature: string;
  /** As posted, base64. */
  readonly body: string;
};

/** From below; `side` is where the sibling stands. */
export type PathItem = { readonly side: 'left' | 'right'; readonly hash: string };

export type ProvenCommit = {
  readonly epoch: number;
  readonly dataRoot: string;
  readonly chainId: number;
  /** EpochDistributor, lower case. */
  readonly contract: string;
  /** Null: the network has lost its record; the event is found by its epoch. */
  readonly transaction: string | null;
  readonly block: number | null;
};

/** What the network says, and what no hash on the chain holds. The verdicts follow from the log by the fold. */
export type Unproved = {
  readonly asked: { readonly from: string; readonly until: string };
  readonly verdicts: readonly {
    readonly start: string;
    readonly value: number;
    readonly count: number;
    readonly flag: number;
    readonly tests: readonly string[];
  }[];
  readonly license: string;
  readonly attribution: readonly string[];
};

const address = pattern(/^0x[0-9a-f]{40}$/, 'a contract address, lower case');
const path = list(record({ side: oneOf('left', 'right'), hash: hex32 }), 0);
export const POST = record(
  {
    method: literal('POST'),
    authority: text,
    path: text,
    contentType: text,
    contentEncoding: nullable(literal('gzip')),
    contentDigest: text,
    signatureInput: text,
    signature: text,
    body: base64Text,
  },
  { previousDigest: text },
);
const SHAPE = record({
  format: literal(PROOF_FORMAT),
  claim: record({
    device: text,
    quantity: text,
    unit: text,
    readings: list(record({ time: timeText, value }), 1),
  }),
  batches: list(
    record({
      region: is((given) => parseRegionCell(given).ok, 'an H3 cell of resolution 3'),
      post: POST,
      entry: record({ seq: whole, receivedMs: whole, slot: whole, readings: base64Text, leaf: hex32 }),
      segment: record({ fromSeq: whole, toSeq: whole, root: hex32, path }),
      epoch: record({ number: whole, path }),
    }),
    1,
  ),
  commits: list(
    record({
      epoch: whole,
      dataRoot: hex32,
      chainId: whole,
      contract: address,
      transaction: nullable(pattern(/^0x[0-9a-f]{64}$/, 'a transaction hash, lower case')),
      block: nullable(whole),
    }),
    1,
  ),
  unproved: anything,
});

/** Far above what the network sells in one piece. */
const MAX_BYTES = 16 * 1024 * 1024;

/** The format has six. */
const MAX_DEPTH = 32;

export function encodeProof(proof: Proof): string {
  return canonicalJson(proof);
}

export function parseProof(bytes: Uint8Array): Result<Proof, Fault> {
  return readCanonical<Proof>(bytes, SHAPE);
}

/** `T` is what the shape lets through. */
export function readCanonical<T>(bytes: Uint8Array, shape: Shape): Result<T, Fault> {
  if (bytes.length > MAX_BYTES) return fault('format', '', `${bytes.length} bytes`, `at most ${MAX_BYTES} bytes`);
  const file = bodyText(bytes);
  if (file === null) return fault('format', '', 'bytes that are not UTF-8', 'JSON');
  if (nestsDeeper(file, MAX_DEPTH)) return fault('format', '', 'brackets in brackets', `at most ${MAX_DEPTH} deep`);
  let content: unknown;
  try {
    content = JSON.parse(file);
  } catch {
    // A SyntaxError, which words and places its complaint differently in each engine.
    return fault('format', '', 'no JSON', 'JSON');
  }
  const shaped = shape(content, '');
  if (!shaped.ok) return shaped;
  // One trailing line feed is what editors and shells add.
  const canonical = canonicalJson(content);
  if (canonical === file || `${canonical}\n` === file) return ok(content as T);
  const at = firstDifference(canonical, file);
  return fault('format', `character ${at}`, file.slice(at, at + 20), 'canonical JSON (RFC 8785)');
}

function firstDifference(one: string, other: string): number {
  let at = 0;
  while (one[at] === other[at] && at < one.length) at += 1;
  return at;
}
