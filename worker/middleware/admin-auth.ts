/** `Authorization: Bearer <ADMIN_TOKEN>` for everything under /v1/admin. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { createMiddleware } from 'hono/factory';
import { sameText } from '../../core/ingest/tag.ts';
import type { AppEnv } from '../context.ts';
import { problem } from './problem.ts';

/** Longer than any token; what exceeds it is not hashed. */
const MAX_HEADER_CHARACTERS = 512;

export const adminAuth = createMiddleware<AppEnv>(async (c, next) => {
  const header = c.req.header('authorization') ?? '';
  // Digests have one length and tell nothing of where two tokens differ.
  const given = header.length <= MAX_HEADER_CHARACTERS ? header : '';
  if (!sameText(digest(given), digest(`Bearer ${c.var.config.adminToken}`)))
    return problem(c, { reason: 'unauthorized' });
  return next();
});

function digest(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}
