/**
 * Checks a fork file without anybody's word: both branches are signed by the device's key, each batch names the one before it, and
 * what they show together is what the file says. Says of a clone no more than that: two memories sign with one key.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import { signedReadings, type BatchTools } from '../audit/check-batch.ts';
import { parseDeviceId, type DeviceId } from '../ids.ts';
import { CLOCK_SKEW_SECONDS, MAX_SIGNATURE_AGE_SECONDS } from '../ingest/limits.ts';
import { ingestPath } from '../ingest/tag.ts';
import { packReadings } from '../reading/pack.ts';
import { quantityByIndex } from '../reading/quantity.ts';
import { conflictOf } from '../region/chain-readings.ts';
import { GOES_ON } from '../region/fork.ts';
import { ok, type Result } from '../result.ts';
import { contentDigestOf, evidenceBase } from '../signature/verify.ts';
import { rfc3339 } from '../time.ts';
import type { ProofStep } from './check.ts';
import { fault, type Fault } from './fault.ts';
import type { PostFields } from './format.ts';
import { FORK_FORMAT, parseForkProof, type ForkProof } from './fork-format.ts';
import { readPost } from './post.ts';

export type CheckedFork = {
  readonly steps: readonly ProofStep[];
  readonly fault: Fault | null;
  readonly proof: ForkProof | null;
};

/** What was received later may have been signed so much earlier, by a clock within its bounds (and a minute in the log). */
const CLOCK_TOLERANCE_SECONDS = MAX_SIGNATURE_AGE_SECONDS + 2 * CLOCK_SKEW_SECONDS + 120;

type SignedBatch = {
  readonly nonce: string;
  readonly createdSeconds: number;
  readonly digest: string;
  readonly previous: string | null;
  /** Packed. */
  readonly readings: Uint8Array;
};
type Branch = readonly SignedBatch[];

export async function checkForkProof(bytes: Uint8Array, tools: BatchTools): Promise<CheckedFork> {
  const parsed = parseForkProof(bytes);
  if (!parsed.ok) return { steps: [], fault: parsed.error, proof: null };
  const proof = parsed.value;
  const steps: ProofStep[] = [{ name: 'format', found: `${FORK_FORMAT}, ${bytes.length} bytes` }];
  const failed = ({ error }: { readonly error: Fault }): CheckedFork => ({ steps, fault: error, proof });
  const device = parseDeviceId(proof.device);
  if (!device.ok) return failed(fault('device', 'device', proof.device, 'a did:key'));
  const branches: Branch[] = [];
  for (const [index, posts] of proof.branches.entries()) {
    const branch = await readBranch(posts, device.value, proof, `branches[${index}]`, tools);
    if (!branch.ok) return failed(branch);
    branches.push(branch.value);
    steps.push({
      name: 'signatures',
      found: `of ${proof.device} under ${posts.length} batches, each naming the one before`,
    });
  }
  const [one = [], two = []] = branches;
  const parent = checkParent(proof, one, two);
  if (!parent.ok) return failed(parent);
  steps.push({ name: 'fork', found: parent.value });
  const shown = checkVerdict(proof, one, two);
  if (!shown.ok) return failed(shown);
  steps.push({ name: 'verdict', found: shown.value });
  return { steps, fault: null, proof };
}

async function readBranch(
  posts: readonly PostFields[],
  device: DeviceId,
  { region }: ForkProof,
  at: string,
  tools: BatchTools,
): Promise<Result<Branch, Fault>> {
  const branch: SignedBatch[] = [];
  for (const [index, post] of posts.entries()) {
    const read = await readSigned(post, device, ingestPath(region, ''), `${at}[${index}]`, tools);
    if (!read.ok) return read;
    const before = branch.at(-1);
    const { previous } = read.value;
    if (previous === null) return fault('chain', `${at}[${index}]`, 'no previous digest', 'the digest of a batch');
    if (before !== undefined && previous !== before.digest)
      return fault('chain', `${at}[${index}].previousDigest`, previous, before.digest);
    branch.push(read.value);
  }
  return ok(branch);
}

async function readSigned(
  post: PostFields,
  device: DeviceId,
  path: string,
  at: string,
  tools: BatchTools,
): Promise<Result<SignedBatch, Fault>> {
  const read = readPost(post, at);
  if (!read.ok) return read;
  const { evidence } = read.value;
  if (read.value.device !== device) return fault('device', `${at}.signatureInput`, read.value.device, device);
  if (!post.path.startsWith(path)) return fault('ingest-path', `${at}.path`, post.path, `${path}...`);
  const base = evidenceBase(evidence, device);
  if (!base.ok) return fault('post', at, base.error.detail, 'parts that agree');
  const holds = await tools.verifier.verify(device, base.value, evidence.signature);
  if (!holds.ok || !holds.value)
    return fault('signature', `${at}.signature`, 'accepted', 'the signature does not hold');
  const readings = await signedReadings(evidence, device, {}, tools);
  if (!readings.ok) return fault('readings', `${at}.body`, readings.error.recomputed, 'readings');
  return ok({
    nonce: evidence.nonce,
    createdSeconds: evidence.createdSeconds,
    digest: bytesToHex(contentDigestOf(evidence)),
    previous: evidence.previous === null ? null : bytesToHex(evidence.previous),
    readings: packReadings(readings.value),
  });
}

/** The same digest before both, and no batch in both. */
function checkParent({ parent }: ForkProof, one: Branch, two: Branch): Result<string, Fault> {
  const digests = new Set(one.map(({ digest }) => digest));
  const shared = two.findIndex(({ digest }) => digests.has(digest));
  if (shared >= 0) return fault('fork', `branches[1][${shared}]`, 'a batch of the other branch', 'another batch');
  if (parent === null) return ok('two lines of one key, from where they part is not shown');
  for (const [index, branch] of [one, two].entries()) {
    const named = branch[0]?.previous ?? null;
    if (named !== parent) return fault('fork', `branches[${index}][0].previousDigest`, named, parent);
  }
  return ok(`both begin after the batch ${parent.slice(0, 16)}...`);
}

function checkVerdict({ parent, verdict }: ForkProof, one: Branch, two: Branch): Result<string, Fault> {
  switch (verdict) {
    case 'open':
    case 'ended':
      return parent === null
        ? fault('fork', 'parent', null, 'the digest that both branches name')
        : ok('one memory was set back, or a batch was forgotten: no proof of two devices');
    case 'conflict': {
      if (parent === null) return fault('fork', 'parent', null, 'the digest that both branches name');
      const said = conflictBetween(one, two);
      return said === null
        ? fault('fork', 'verdict', verdict, 'a quantity and time of which both branches say something else')
        : ok(`two devices: both branches speak of ${said}, and say different things`);
    }
    case 'both-go-on': {
      // The older went on after the younger was there, and the younger after that.
      const [goesOn, other] = [wentOn(one, two.at(-1 - GOES_ON)), wentOn(two, one.at(-GOES_ON))];
      if (goesOn && other) return ok(`two devices: both branches went on for ${GOES_ON} batches while the other did`);
      return fault(
        'fork',
        `branches[${goesOn ? 1 : 0}]`,
        verdict,
        `${GOES_ON} batches made after the other branch was there`,
      );
    }
  }
}

function conflictBetween(one: Branch, two: Branch): string | null {
  for (const mine of one)
    for (const theirs of two) {
      const at = conflictOf(mine.readings, theirs.readings);
      if (at === null) continue;
      const [quantity, ms] = at.split(' ').map(Number);
      return `${quantityByIndex(quantity ?? -1)?.code ?? quantity} at ${rfc3339(ms ?? 0)}`;
    }
  return null;
}

/** The last batches of the branch were made after this one of the other. */
function wentOn(branch: Branch, from: SignedBatch | undefined): boolean {
  const last = branch.slice(-GOES_ON);
  if (from === undefined || branch.length <= GOES_ON) return false;
  return last.every(
    ({ nonce, createdSeconds }) =>
      nonce > from.nonce && createdSeconds + CLOCK_TOLERANCE_SECONDS >= from.createdSeconds,
  );
}
