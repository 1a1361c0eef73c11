/**
 * Tokens and links of exports. Both are seals under the Worker's key, so that a stranger's guess is refused without waking the
 * job or reading the bucket, and nothing has to be stored.
 */
import { MANIFEST, singleFile } from '../../core/export/manifest.ts';
import type { ExportFormat } from '../../core/export/request.ts';
import { rfc3339 } from '../../core/time.ts';
import type { ExportLinks } from '../../schema/api/exports.ts';
import type { EdgeConfig } from '../env.ts';
import { isSealed, sealOf } from './seal.ts';

/** A link may be handed to a program that runs overnight; a new one costs nothing. */
const LINK_MS = 24 * 3600 * 1000;
export const LINK_LIST = 'links.txt';

export const tokenOf = (config: EdgeConfig, id: string): Promise<string> =>
  sealOf(config, 'isobar export token v1', id);

export const isToken = (config: EdgeConfig, id: string, token: string): Promise<boolean> =>
  isSealed(config, 'isobar export token v1', id, token);

/** One seal for all files of an export, in the path: what follows it stays a plain relative path (`cell=.../date=...`). */
export async function linksOf(
  config: EdgeConfig,
  origin: string,
  job: { readonly id: string; readonly format: ExportFormat; readonly expiresMs: number },
  nowMs: number,
): Promise<ExportLinks> {
  const { id, format, expiresMs } = job;
  const untilSeconds = Math.floor(Math.min(expiresMs, nowMs + LINK_MS) / 1000);
  const seal = await sealOf(config, 'isobar export link v1', `${id} ${untilSeconds}`);
  const base = `${origin}/v1/exports/${id}/files/${untilSeconds}.${seal}`;
  return {
    until: rfc3339(untilSeconds * 1000),
    manifest: `${base}/${MANIFEST}`,
    list: `${base}/${LINK_LIST}`,
    file: format === 'parquet' ? null : `${base}/${singleFile(format)}`,
  };
}

/** @param pass the part of the address between `files/` and the path */
export async function checkLink(
  config: EdgeConfig,
  id: string,
  pass: string,
  nowMs: number,
): Promise<'good' | 'expired' | 'bad'> {
  const [untilSeconds = '', seal = '', ...more] = pass.split('.');
  if (more.length > 0 || !(await isSealed(config, 'isobar export link v1', `${id} ${untilSeconds}`, seal)))
    return 'bad';
  return Number(untilSeconds) * 1000 > nowMs ? 'good' : 'expired';
}
