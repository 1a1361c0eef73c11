/** Log entries with real evidence: signed as a device signs, taken as the edge takes them. */
import type { RegionCell } from '../../core/ids.ts';
import { ingestUrlPath } from '../../core/ingest/tag.ts';
import { packReadings } from '../../core/reading/pack.ts';
import type { Reading } from '../../core/reading/reading.ts';
import type { BatchBody } from '../../core/region/entry.ts';
import { encodeEvidence } from '../../core/signature/evidence.ts';
import { evidenceOf } from '../../core/signature/verify.ts';
import { checkBatchTools } from '../../scripts/verify/tools.ts';
import { openSignedPost, verifySignedPost, type SignedPost } from '../../worker/signed-post.ts';
import { MADRID } from './region-log.ts';
import { signedPost, type PostOptions, type TestDevice } from './signed-post.ts';

const HOST = 'isobar.test';

export const TOOLS = checkBatchTools();

export type SignedBatchOptions = Omit<PostOptions, 'keyid' | 'digestOf'> & {
  readonly createdSeconds: number;
  readonly cell?: RegionCell;
};

/** The edge would take it. */
export async function signedBatch(device: TestDevice, slot: number, options: SignedBatchOptions): Promise<BatchBody> {
  const [request, post] = await sign(device, options);
  const verified = await verifySignedPost(post, request, TOOLS.verifier);
  if (!verified.ok) throw new Error(verified.error.reason);
  const { nonce, digest, previous, readings, evidence } = verified.value;
  const chained = previous === null ? {} : { previous };
  return { kind: 'batch', slot, nonce, digest, readings: packReadings(readings), evidence, ...chained };
}

/** Whatever the device signed, with readings that the network made up. */
export async function inventedBatch(
  device: TestDevice,
  readings: readonly Reading[],
  options: SignedBatchOptions,
): Promise<BatchBody> {
  const [request, { signed, contentEncoding }] = await sign(device, options);
  const { digest, input } = signed;
  const evidence = encodeEvidence(evidenceOf(signed, contentEncoding, new Uint8Array(await request.arrayBuffer())));
  return { kind: 'batch', slot: 0, nonce: input.nonce, digest, readings: packReadings(readings), evidence };
}

async function sign(device: TestDevice, options: SignedBatchOptions): Promise<readonly [Request, SignedPost]> {
  const url = `https://${HOST}${ingestUrlPath(options.cell ?? MADRID, device.did, 'any key')}`;
  const request = await signedPost(url, device, options);
  const post = openSignedPost(request, new Set([HOST]), options.createdSeconds * 1000);
  if (!post.ok) throw new Error(post.error.reason);
  return [request, post.value];
}
