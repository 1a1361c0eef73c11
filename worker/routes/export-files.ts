/** `GET /v1/exports/{id}/files/{until}.{seal}/{path}`: the files of an export, for whoever has the link. */
import { Hono } from 'hono';
import { isExportPath } from '../../core/export/manifest.ts';
import { nowMs } from '../adapters/clock.ts';
import { findFile, readManifest, serveFile } from '../adapters/export-files.ts';
import { checkLink, LINK_LIST } from '../adapters/export-links.ts';
import type { AppEnv } from '../context.ts';
import { describeExportRefusal } from '../middleware/export-problems.ts';
import { problemResponse } from '../middleware/problem.ts';

// HEAD comes here, too: Hono answers it with what GET says.
export const exportFileRoutes = new Hono<AppEnv>().get('/v1/exports/:id/files/:pass/:path{.+}', async (c) => {
  const { id, pass, path } = c.req.param();
  const link = await checkLink(c.var.config, id, pass, nowMs());
  if (link !== 'good')
    return problemResponse(describeExportRefusal({ reason: link === 'bad' ? 'bad-token' : 'link-expired' }));
  if (path === LINK_LIST) {
    const manifest = await readManifest(c.env.ARCHIVE, id);
    if (manifest === null) return problemResponse(describeExportRefusal({ reason: 'no-such-file', path }));
    const lines = manifest.files.map((file) => `${new URL(file.path, c.req.url).href}\n`);
    return c.text(lines.join(''), 200, { 'cache-control': 'private' });
  }
  const file = isExportPath(path) ? await findFile(c.env.ARCHIVE, id, path) : null;
  if (file === null) return problemResponse(describeExportRefusal({ reason: 'no-such-file', path }));
  const { bytes } = file;
  return (
    serveFile(c.env.ARCHIVE, file, c.req.raw) ??
    problemResponse(describeExportRefusal({ reason: 'range-not-satisfiable', bytes }))
  );
});
