/**
 * Checks a proof file step by step and stops at the first thing that is wrong. Nothing that the file says of itself is
 * believed: device, readings, leaf and roots are computed anew from the signed request. Needs no network; WebCrypto and
 * gzip are handed in, so a browser can run it.
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { base64 } from '@scure/base';
import { checkBatch, type BatchTools, type LoggedBatch } from '../audit/check-batch.ts';
import type { Difference } from '../audit/difference.ts';
import type { DeviceId } from '../ids.ts';
import { rootOfPath, type PathStep } from '../merkle-tree.ts';
import { unpackReadings } from '../reading/pack.ts';
import { quantityByCode } from '../reading/quantity.ts';
import type { Reading } from '../reading/reading.ts';
import { encodeEntryBody } from '../region/codec.ts';
import { entryLeaf } from '../region/segment.ts';
import { ok, type Result } from '../result.ts';
import { segmentLeaf } from '../reward/data-root.ts';
import { encodeEvidence } from '../signature/evidence.ts';
import { rfc3339 } from '../time.ts';
import type { ChainWord } from './chain-event.ts';
import { fault, type Fault, type FaultReason } from './fault.ts';
import { parseProof, PROOF_FORMAT, type PathItem, type Proof, type ProvenBatch, type ProvenCommit } from './format.ts';
import { readPost } from './post.ts';

export type ProofStep = { readonly name: string; readonly found: string };

export type CheckedProof = {
  /** What holds, in the order of the checks. */
  readonly steps: readonly ProofStep[];
  /** The first thing that does not; null: all holds. */
  readonly fault: Fault | null;
  /** Null where the file cannot be read. */
  readonly proof: Proof | null;
};

type Held = Result<string, Fault>;

/** @param chain null: nobody asked the chain; then the proof holds up to the data roots that it names */
export async function checkProof(bytes: Uint8Array, chain: ChainWord | null, tools: BatchTools): Promise<CheckedProof> {
  const steps: ProofStep[] = [];
  const parsed = parseProof(bytes);
  if (!parsed.ok) return { steps, fault: parsed.error, proof: null };
  const proof = parsed.value;
  steps.push({ name: 'format', found: `${PROOF_FORMAT}, ${bytes.length} bytes` });
  for await (const [name, held] of checks(proof, chain, tools)) {
    if (!held.ok) return { steps, fault: held.error, proof };
    steps.push({ name, found: held.value });
  }
  return { steps, fault: null, proof };
}

async function* checks(
  proof: Proof,
  chain: ChainWord | null,
  tools: BatchTools,
): AsyncGenerator<readonly [string, Held]> {
  const signed: (readonly Reading[])[] = [];
  for (const [index, batch] of proof.batches.entries()) {
    const at = `batches[${index}]`;
    const rebuilt = readBatch(proof, batch, at);
    if (!rebuilt.ok) {
      yield ['post', rebuilt];
      return;
    }
    const readings = await checkSigned(rebuilt.value, batch, at, tools);
    if (!readings.ok) {
      yield ['signature', readings];
      return;
    }
    signed.push(readings.value);
    const { authority } = batch.post;
    yield ['signature', ok(`of ${proof.claim.device} over ${readings.value.length} readings, posted to ${authority}`)];
    yield ['log entry', checkLeaf(batch, rebuilt.value, at)];
    yield ['segment', checkSegment(batch, at)];
    yield ['data root', checkRoot(batch, proof.commits, at)];
  }
  yield ['claim', checkClaim(proof, signed)];
  yield ['commits', checkCommits(proof)];
  if (chain === null) return;
  for (const [index, commit] of proof.commits.entries())
    yield ['chain', checkEvent(commit, chain, `commits[${index}]`)];
}

type RebuiltBatch = LoggedBatch & { readonly device: DeviceId };

/** The entry of the log, rebuilt from the request and the three facts that only the log holds. */
function readBatch({ claim }: Proof, { post, entry }: ProvenBatch, at: string): Result<RebuiltBatch, Fault> {
  const read = readPost(post, `${at}.post`);
  if (!read.ok) return read;
  const { device, digest, evidence } = read.value;
  if (device !== claim.device) return fault('device', `${at}.post.signatureInput`, device, claim.device);
  const { seq, receivedMs, slot } = entry;
  return ok({
    kind: 'batch',
    device,
    seq,
    receivedMs,
    slot,
    nonce: evidence.nonce,
    digest,
    readings: base64.decode(entry.readings),
    evidence: encodeEvidence(evidence),
    ...(evidence.previous !== null && { previous: evidence.previous }),
  });
}

async function checkSigned(
  { device, ...batch }: RebuiltBatch,
  { region }: ProvenBatch,
  at: string,
  tools: BatchTools,
): Promise<Result<readonly Reading[], Fault>> {
  const holds = await checkBatch(batch, device, region, tools);
  if (!holds.ok) return faultOf(holds.error, at);
  // checkBatch found them to be what the signed body says.
  const readings = unpackReadings(batch.readings);
  return readings.ok ? readings : fault('readings', `${at}.entry.readings`, readings.error.detail, 'packed readings');
}

/** Where the file says it, and under which name. */
const PLACES: Partial<Record<Difference['reason'], readonly [FaultReason, string]>> = {
  signature: ['signature', 'post.signature'],
  digest: ['digest', 'post.body'],
  'ingest-path': ['ingest-path', 'post.path'],
  'upload-time': ['upload-time', 'entry.receivedMs'],
  readings: ['readings', 'entry.readings'],
};

function faultOf({ reason, at: { field }, published, recomputed }: Difference, at: string): Result<never, Fault> {
  const [name, place] = PLACES[reason] ?? (['post', 'post'] as const);
  const where = field === undefined ? `${at}.${place}` : `${at}.${place}, ${field}`;
  return fault(name, where, published, recomputed);
}

function checkLeaf({ region, entry }: ProvenBatch, rebuilt: RebuiltBatch, at: string): Held {
  const { device: _device, seq, receivedMs, ...body } = rebuilt;
  const leaf = bytesToHex(entryLeaf({ seq, receivedMs, kind: 'batch', body: encodeEntryBody(body) }));
  if (leaf !== entry.leaf) return fault('leaf', `${at}.entry.leaf`, entry.leaf, leaf);
  return ok(`${seq} of region ${region}, received ${rfc3339(receivedMs)}`);
}

const stepsOf = (path: readonly PathItem[]): readonly PathStep[] =>
  path.map(({ side, hash }) => ({ side, hash: hexToBytes(hash) }));

function checkSegment({ entry, segment }: ProvenBatch, at: string): Held {
  const { fromSeq, toSeq, path } = segment;
  if (entry.seq < fromSeq || entry.seq > toSeq)
    return fault('segment', `${at}.segment`, `entries ${fromSeq} to ${toSeq}`, `entry ${entry.seq} among them`);
  const root = bytesToHex(rootOfPath(hexToBytes(entry.leaf), stepsOf(path)));
  if (root !== segment.root) return fault('segment', `${at}.segment`, segment.root, root);
  return ok(`entries ${fromSeq} to ${toSeq}, path of ${path.length}`);
}

function checkRoot({ region, segment, epoch }: ProvenBatch, commits: readonly ProvenCommit[], at: string): Held {
  const commit = commits.find((one) => one.epoch === epoch.number);
  if (commit === undefined) return fault('root', `${at}.epoch.number`, epoch.number, 'an epoch of commits');
  const { fromSeq, toSeq, root } = segment;
  const leaf = segmentLeaf({ cell: region, fromSeq, toSeq, root });
  const dataRoot = bytesToHex(rootOfPath(leaf, stepsOf(epoch.path)));
  if (dataRoot !== commit.dataRoot) return fault('root', `${at}.epoch`, commit.dataRoot, dataRoot);
  return ok(`of epoch ${epoch.number}, path of ${epoch.path.length}`);
}

/** Every reading of the claim is in a batch, and every batch holds one of them. */
function checkClaim({ claim, batches }: Proof, signed: readonly (readonly Reading[])[]): Held {
  const quantity = quantityByCode(claim.quantity);
  if (quantity === undefined) return fault('claim', 'claim.quantity', claim.quantity, 'a quantity of the catalogue');
  if (claim.unit !== quantity.unit) return fault('claim', 'claim.unit', claim.unit, quantity.unit);
  const used = new Set<number>();
  let before = '';
  for (const [index, { time, value }] of claim.readings.entries()) {
    const at = `claim.readings[${index}]`;
    if (time <= before) return fault('claim', `${at}.time`, time, `a time after ${before}`);
    before = time;
    const said = ({ quantity: of, measuredMs }: Reading): boolean =>
      of === quantity.index && rfc3339(measuredMs) === time;
    // Batches stand in the order of the log: the first that speaks of a time is the one that counts.
    const source = signed.findIndex((readings) => readings.some(said));
    const steps = signed[source]?.find(said)?.steps;
    if (steps === undefined) return fault('claim', `${at}.time`, time, 'a time of a signed reading');
    const signedValue = steps / quantity.stepsPerUnit;
    if (value !== signedValue) return fault('claim', `${at}.value`, value, signedValue);
    used.add(source);
  }
  const idle = batches.findIndex((_, index) => !used.has(index));
  if (idle >= 0) return fault('unused', `batches[${idle}]`, 'no reading of the claim', 'one at least');
  const { readings } = claim;
  const [first] = readings;
  const what = readings.length === 1 && first ? `${first.value} ${claim.unit}` : `${readings.length} readings`;
  return ok(`${claim.quantity} ${what} from ${first?.time}`);
}

function checkCommits({ batches, commits }: Proof): Held {
  let before = -1;
  for (const [index, { epoch }] of commits.entries()) {
    const at = `commits[${index}]`;
    if (epoch <= before) return fault('format', `${at}.epoch`, epoch, `an epoch after ${before}`);
    before = epoch;
    if (!batches.some((batch) => batch.epoch.number === epoch))
      return fault('unused', at, `epoch ${epoch}`, 'an epoch that a batch names');
  }
  return ok(`epoch ${commits.map(({ epoch }) => epoch).join(', ')}`);
}

function checkEvent(commit: ProvenCommit, chain: ChainWord, at: string): Held {
  const { epoch, contract, dataRoot } = commit;
  if (chain.chainId !== null && chain.chainId !== commit.chainId)
    return fault('event', `${at}.chainId`, commit.chainId, chain.chainId);
  if (chain.contract !== null && chain.contract !== contract)
    return fault('event', `${at}.contract`, contract, chain.contract);
  const ofEpoch = chain.events.filter((event) => event.epoch === epoch);
  if (ofEpoch.length === 0) return fault('event', `${at}.epoch`, epoch, 'an epoch of the given events');
  const event = ofEpoch.find((one) => one.contract === null || one.contract === contract);
  if (event === undefined) return fault('event', `${at}.contract`, contract, ofEpoch[0]?.contract ?? '');
  if (event.dataRoot !== dataRoot) return fault('event', `${at}.dataRoot`, dataRoot, event.dataRoot);
  for (const field of ['transaction', 'block'] as const) {
    const told = event[field];
    if (told !== null && commit[field] !== null && told !== commit[field])
      return fault('event', `${at}.${field}`, commit[field], told);
  }
  const block = event.block ?? commit.block;
  return ok(`${contract} committed epoch ${epoch}${block === null ? '' : ` in block ${block}`}`);
}
