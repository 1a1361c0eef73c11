/** A batch in the compact form, taken as the edge takes it and audited as a stranger does. */
import { expect, test } from 'vitest';
import { DAY0_MS, MADRID, reading } from '../support/region-log.ts';
import { TOOLS } from '../support/signed-batch.ts';
import { generateKeyPem, loadDeviceKey, type SigningKey } from '../../sensors/client/key.ts';
import { COSE_CONTENT_TYPE, signCose } from '../../sensors/client/cose.ts';
import { openPost } from '../../worker/open-post.ts';
import { ingestUrlPath } from '../../core/ingest/tag.ts';
import { packReadings } from '../../core/reading/pack.ts';
import { encode } from 'cborg';
import { decodeEvidence } from '../../core/signature/evidence.ts';
import { postOf, readPost } from '../../core/proof/post.ts';
import { checkBatch, type LoggedBatch } from '../../core/audit/check-batch.ts';

const HOST = 'isobar.test';
const SENT_SECONDS = DAY0_MS / 1000 + 3600;

async function newKey(algorithm: SigningKey['algorithm']): Promise<SigningKey> {
  const loaded = await loadDeviceKey(await generateKeyPem(algorithm));
  if (!loaded.ok) throw new Error(loaded.error.detail);
  return loaded.value;
}

async function logged(key: SigningKey): Promise<LoggedBatch> {
  const url = `https://${HOST}${ingestUrlPath(MADRID, key.did, 'any key')}`;
  const measurements = [
    { quantity: 'temp', unit: 'Cel', value: 21.4, measuredMs: DAY0_MS },
    { quantity: 'rh', unit: '%RH', value: 54, measuredMs: DAY0_MS + 60_000 },
  ] as const;
  const message = await signCose(key, { url, measurements, createdSeconds: SENT_SECONDS, nonce: '0000000000000007' });
  const request = new Request(url, {
    method: 'POST',
    headers: { 'content-type': COSE_CONTENT_TYPE },
    body: Uint8Array.from(message),
  });
  const post = await openPost(request, new Set([HOST]), SENT_SECONDS * 1000);
  if (!post.ok) throw new Error(post.error.reason);
  const verified = await post.value.verify(TOOLS.verifier);
  if (!verified.ok) throw new Error(verified.error.reason);
  const { nonce, digest, readings, evidence } = verified.value;
  const entry = { kind: 'batch', slot: 0, nonce, digest, readings: packReadings(readings), evidence } as const;
  return { ...entry, seq: 7, receivedMs: SENT_SECONDS * 1000 + 2500 };
}

test.each(['ed25519', 'ecdsa-p256-sha256'] as const)('a batch that its %s device signed stands', async (algorithm) => {
  const key = await newKey(algorithm);
  expect(await checkBatch(await logged(key), key.did, MADRID, TOOLS)).toEqual({ ok: true, value: 2 });
});

test('an altered reading, another device and a message that was changed are found', async () => {
  const [key, other] = [await newKey('ed25519'), await newKey('ed25519')];
  const batch = await logged(key);
  const readings = packReadings([reading('temp', DAY0_MS, 12.4), reading('rh', DAY0_MS + 60_000, 54)]);
  expect(await checkBatch({ ...batch, readings }, key.did, MADRID, TOOLS)).toMatchObject({
    error: { reason: 'readings' },
  });
  expect(await checkBatch(batch, other.did, MADRID, TOOLS)).toMatchObject({ error: { reason: 'evidence' } });
  const evidence = decodeEvidence(batch.evidence);
  if (!evidence.ok) throw new Error(evidence.error.detail);
  const body = Uint8Array.from(evidence.value.body);
  body[body.length - 1] = (body.at(-1) ?? 0) ^ 1;
  const tampered = { ...batch, evidence: encode([2, HOST, evidence.value.path, body]) };
  expect(await checkBatch(tampered, key.did, MADRID, TOOLS)).toMatchObject({ error: { reason: 'signature' } });
});

test('a proof shows the message and reads it back', async () => {
  const key = await newKey('ecdsa-p256-sha256');
  const evidence = decodeEvidence((await logged(key)).evidence);
  if (!evidence.ok) throw new Error(evidence.error.detail);
  const post = postOf(evidence.value, key.did);
  expect(readPost(post, 'post')).toMatchObject({ ok: true, value: { device: key.did, evidence: evidence.value } });
  expect(readPost({ ...post, signature: 's=:AA==:' }, 'post')).toMatchObject({ ok: false });
});
