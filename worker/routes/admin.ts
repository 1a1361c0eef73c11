/** `/v1/admin/...`: regions, devices and upkeep, for whoever holds the admin token. Every command may be repeated. */
import { Hono } from 'hono';
import { parseDeviceId, parseRegionCell, type RegionCell } from '../../core/ids.ts';
import { ingestUrlPath } from '../../core/ingest/tag.ts';
import type { CharterBody, MaintenanceBody } from '../../core/region/entry.ts';
import { ok, type Result } from '../../core/result.ts';
import { decodeDidKey } from '../../core/signature/did-key.ts';
import { checkKeyStrength } from '../../core/signature/weak-key.ts';
import type { RegionSummary } from '../../durable-objects/region/api.ts';
import { listArchivedRegions } from '../adapters/archived-regions.ts';
import { nowMs } from '../adapters/clock.ts';
import { readDevice } from '../adapters/d1/devices.ts';
import { recordRecall } from '../adapters/d1/recalls.ts';
import { listRegionCells, recordCharter, recordOperator } from '../adapters/d1/regions.ts';
import { resumeMinter } from '../adapters/minter.ts';
import { callRegion, type RegionUnavailable } from '../adapters/region.ts';
import { registerDevice } from '../adapters/register-device.ts';
import { rfc3339 } from '../../core/time.ts';
import type { AppEnv } from '../context.ts';
import { adminAuth } from '../middleware/admin-auth.ts';
import { problem } from '../middleware/problem.ts';
import {
  parseDeviceFields,
  parseMaintenanceFields,
  parseOperatorFields,
  parseRecallFields,
  parseRegionFields,
  readFields,
} from './admin-fields.ts';
import { toRecallItem } from './public/recalls.ts';

export const adminRoutes = new Hono<AppEnv>();
adminRoutes.use('/v1/admin/*', adminAuth);

adminRoutes.put('/v1/admin/regions/:cell', async (c) => {
  const cell = parseRegionCell(c.req.param('cell'));
  if (!cell.ok) return problem(c, cell.error);
  const body = await readFields(c.req.raw);
  if (!body.ok) return problem(c, body.error);
  const fields = parseRegionFields(body.value);
  if (!fields.ok) return problem(c, fields.error);
  const { rules, ruleSetHash } = c.var.config;
  const { name: regionName, boundary } = fields.value;
  const charter: CharterBody = {
    kind: 'rule-set',
    rules: rules.name,
    ruleSetHash,
    cell: cell.value,
    regionName,
    boundary,
  };
  const opened = await callRegion(c.env.REGION, cell.value, (region) => region.charter(charter));
  if (!opened.ok) return problem(c, opened.error);
  await recordCharter(c.env.DB, charter, opened.value);
  return c.json(opened.value);
});

adminRoutes.put('/v1/admin/regions/:cell/operator', async (c) => {
  const cell = parseRegionCell(c.req.param('cell'));
  if (!cell.ok) return problem(c, cell.error);
  const body = await readFields(c.req.raw);
  if (!body.ok) return problem(c, body.error);
  const operator = parseOperatorFields(body.value);
  if (!operator.ok) return problem(c, operator.error);
  const isKnown = await recordOperator(c.env.DB, cell.value, operator.value);
  if (!isKnown) return problem(c, { reason: 'no-such', kind: 'region', given: cell.value });
  return c.json({ cell: cell.value, operator: operator.value });
});

adminRoutes.get('/v1/admin/devices/:did', async (c) => {
  const device = parseDeviceId(c.req.param('did'));
  if (!device.ok) return problem(c, device.error);
  const registered = await readDevice(c.env.DB, device.value);
  if (registered === null) return problem(c, { reason: 'no-such', kind: 'device', given: device.value });
  const { kind: _kind, ...facts } = registered.membership;
  return c.json({ ...facts, cell: registered.cell });
});

adminRoutes.put('/v1/admin/devices/:did', async (c) => {
  const device = parseDeviceId(c.req.param('did'));
  if (!device.ok) return problem(c, device.error);
  const key = decodeDidKey(device.value);
  if (!key.ok) return problem(c, key.error);
  const strong = checkKeyStrength(key.value);
  if (!strong.ok) return problem(c, strong.error);
  const body = await readFields(c.req.raw);
  if (!body.ok) return problem(c, body.error);
  const fields = parseDeviceFields(body.value, device.value);
  if (!fields.ok) return problem(c, fields.error);
  const { cell, version: expected, membership } = fields.value;
  const version = await registerDevice(c.env, { cell, membership }, expected, nowMs());
  if (!version.ok) return problem(c, version.error);
  return c.json({
    device: device.value,
    version: version.value,
    ingestPath: ingestUrlPath(cell, device.value, c.var.config.ingestTagKey),
  });
});

adminRoutes.post('/v1/admin/devices/:did/maintenance', async (c) => {
  const device = parseDeviceId(c.req.param('did'));
  if (!device.ok) return problem(c, device.error);
  const body = await readFields(c.req.raw);
  if (!body.ok) return problem(c, body.error);
  const fields = parseMaintenanceFields(body.value);
  if (!fields.ok) return problem(c, fields.error);
  const registered = await readDevice(c.env.DB, device.value);
  if (registered === null) return problem(c, { reason: 'no-such', kind: 'device', given: device.value });
  const maintenance: MaintenanceBody = { kind: 'maintenance', device: device.value, ...fields.value };
  const noted = await callRegion(c.env.REGION, registered.cell, (region) => region.maintain(maintenance, null));
  if (noted.ok) return c.json(noted.value);
  switch (noted.error.reason) {
    case 'maintenance-over':
      return problem(c, { reason: 'bad-field', pointer: '/until', detail: 'must be in the future, and after from' });
    case 'too-many-windows':
      return problem(c, { reason: 'bad-field', pointer: '/from', detail: `${noted.error.limit} windows are kept` });
    case 'maintenance-too-far': {
      const detail = `must be at most ${rfc3339(noted.error.latestMs)}`;
      return problem(c, { reason: 'bad-field', pointer: '/until', detail });
    }
    default:
      return problem(c, noted.error);
  }
});

/** For the public and for buyers; it changes no verdict and no pay. */
adminRoutes.post('/v1/admin/devices/:did/recalls', async (c) => {
  const device = parseDeviceId(c.req.param('did'));
  if (!device.ok) return problem(c, device.error);
  const body = await readFields(c.req.raw);
  if (!body.ok) return problem(c, body.error);
  const fields = parseRecallFields(body.value);
  if (!fields.ok) return problem(c, fields.error);
  if ((await readDevice(c.env.DB, device.value)) === null)
    return problem(c, { reason: 'no-such', kind: 'device', given: device.value });
  const recall = await recordRecall(c.env.DB, { device: device.value, ...fields.value }, nowMs());
  return c.json(toRecallItem(recall), 201);
});

adminRoutes.post('/v1/admin/regions/:cell/:command{advance|refold}', async (c) => {
  const cell = parseRegionCell(c.req.param('cell'));
  if (!cell.ok) return problem(c, cell.error);
  const command = c.req.param('command') === 'advance' ? 'advance' : 'refold';
  const done = await upkeep(c.env.REGION, cell.value, command);
  return done.ok ? c.json(done.value) : problem(c, done.error);
});

/** All regions, found in the archive as well as in D1: so it also rebuilds a D1 that was emptied. One at a time. */
adminRoutes.post('/v1/admin/refold', async (c) => {
  const cells = new Set([...(await listArchivedRegions(c.env.ARCHIVE)), ...(await listRegionCells(c.env.DB))]);
  const regions: RegionSummary[] = [];
  const failed: RegionCell[] = [];
  for (const cell of [...cells].sort()) {
    const done = await upkeep(c.env.REGION, cell, 'refold');
    if (done.ok) regions.push(done.value);
    else failed.push(cell);
  }
  return c.json({ regions, failed }, failed.length === 0 ? 200 : 503);
});

/** After somebody has looked at what stopped the Minter. */
adminRoutes.post('/v1/admin/minter/resume', async (c) =>
  c.json(await resumeMinter(c.env.MINTER, c.var.config.chain.chainId)),
);

type Upkeep = Promise<Result<RegionSummary, RegionUnavailable>>;

function upkeep(namespace: AppEnv['Bindings']['REGION'], cell: RegionCell, command: 'advance' | 'refold'): Upkeep {
  return callRegion(namespace, cell, async (region) =>
    ok(await (command === 'advance' ? region.advance() : region.refold())),
  );
}
