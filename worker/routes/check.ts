/** `POST /v1/check`: judges a signed batch of anyone. Nothing is stored, and no region object is woken. */
import { Hono } from 'hono';
import { checkVerdict } from '../../core/ingest/check-verdict.ts';
import { decodeDidKey } from '../../core/signature/did-key.ts';
import { checkKeyStrength } from '../../core/signature/weak-key.ts';
import { nowMs } from '../adapters/clock.ts';
import { createWebcryptoVerifier } from '../adapters/webcrypto-verifier.ts';
import type { AppEnv } from '../context.ts';
import { problem } from '../middleware/problem.ts';
import { openPost } from '../open-post.ts';

/** Strangers' keys: kept apart from those of devices, and few. */
const verifier = createWebcryptoVerifier(64);

export const checkRoutes = new Hono<AppEnv>().post('/v1/check', async (c) => {
  const { config } = c.var;
  const now = nowMs();
  const post = await openPost(c.req.raw, config.authorities, now);
  if (!post.ok) return problem(c, post.error);
  // Before the signature: a runtime may or may not accept what a weak key signs, and the maker must hear of the key.
  const key = decodeDidKey(post.value.device);
  if (!key.ok) return problem(c, key.error);
  const strong = checkKeyStrength(key.value);
  if (!strong.ok) return problem(c, strong.error);
  const verified = await post.value.verify(verifier);
  if (!verified.ok) return problem(c, verified.error);
  const { device, nonce, readings } = verified.value;
  const { accepted, refused, flags } = checkVerdict(readings, config.rules, now);
  c.header('cache-control', 'no-store');
  return c.json({
    verdict: accepted > 0 ? 'would-be-accepted' : 'nothing-would-be-stored',
    device,
    algorithm: key.value.algorithm,
    nonce,
    readings: { accepted, refused },
    flags,
    // Said, so that nobody takes a check for a promise.
    notChecked: ['registration', 'nonce order', 'duplicates', 'steps and flat runs against the history', 'neighbours'],
  });
});
