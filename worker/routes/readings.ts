/** `POST /v1/regions/{cell}/readings/{tag}`: a device's batch, from HTTP to the region object. */
import { Hono, type Context } from 'hono';
import { parseRegionCell, type DeviceId, type RegionCell } from '../../core/ids.ts';
import { ingestPath, ingestTag, sameText } from '../../core/ingest/tag.ts';
import { packReadings } from '../../core/reading/pack.ts';
import type { SignatureVerifier } from '../../core/signature/verify.ts';
import type { IngestReply } from '../../durable-objects/region/api.ts';
import { nowMs } from '../adapters/clock.ts';
import { Lru } from '../adapters/lru.ts';
import { callRegion } from '../adapters/region.ts';
import { createWebcryptoVerifier } from '../adapters/webcrypto-verifier.ts';
import type { AppEnv } from '../context.ts';
import { problem } from '../middleware/problem.ts';
import { openPost } from '../open-post.ts';

/** Only devices that were given an address get past the tag, so strangers cannot push known ones out of these. */
const verifier: SignatureVerifier = createWebcryptoVerifier();
const knownTags = new Lru<string, string>(4096);

export const readingsRoutes = new Hono<AppEnv>().post('/v1/regions/:cell/readings/:tag', async (c) => {
  const { config } = c.var;
  const now = nowMs();
  const cell = parseRegionCell(c.req.param('cell'));
  if (!cell.ok) return problem(c, { reason: 'unknown-ingest-address' });
  const post = await openPost(c.req.raw, config.authorities, now);
  if (!post.ok) return problem(c, post.error);
  const { device, path } = post.value;
  if (!isIngestAddress(path, cell.value, device, config.ingestTagKey))
    return problem(c, { reason: 'unknown-ingest-address' });
  const verified = await post.value.verify(verifier);
  if (!verified.ok) return problem(c, verified.error);
  const { nonce, digest, previous, readings, evidence } = verified.value;
  const reply = await callRegion(c.env.REGION, cell.value, (region) =>
    region.ingest({ device, nonce, digest, previous, readings: packReadings(readings), evidence }),
  );
  return reply.ok ? answer(c, reply.value) : problem(c, reply.error);
});

/** Compares the path as received, so an escaped or doubled spelling of the same address is another address. */
function isIngestAddress(path: string, cell: RegionCell, device: DeviceId, key: string): boolean {
  const name = `${key}|${cell}|${device}`;
  const known = knownTags.get(name);
  const tag = known ?? ingestTag(cell, device, key);
  if (!sameText(path, ingestPath(cell, tag))) return false;
  if (known === undefined) knownTags.set(name, tag);
  return true;
}

function answer(c: Context<AppEnv>, reply: IngestReply): Response {
  c.header('cache-control', 'no-store');
  switch (reply.status) {
    case 'accepted':
      return c.json(reply.receipt, 201);
    case 'repeated':
      return c.json(reply.receipt, 200);
    case 'expired':
      return c.json({ receipt: reply.receipt, expired: true }, 200);
  }
}
