/** `GET /v1/devices/{device}` and its `/metrics`: one device with its score, newest public values and flags. */
import { Hono, type Context } from 'hono';
import { parseDeviceId } from '../../../core/ids.ts';
import { encodeOpenMetrics, OPEN_METRICS_TYPE, type DeviceMetrics } from '../../../core/query/open-metrics.ts';
import { meanOf } from '../../../core/query/rows.ts';
import { quantityByIndex } from '../../../core/reading/quantity.ts';
import { epochStartMs, hourStartMs } from '../../../core/time.ts';
import type { DeviceAnswer } from '../../../schema/api/places.ts';
import { nowMs } from '../../adapters/clock.ts';
import { readPlacedDevice } from '../../adapters/d1/places.ts';
import { readLastDay, readNames } from '../../adapters/d1/public.ts';
import type { AppEnv } from '../../context.ts';
import { problem } from '../../middleware/problem.ts';
import { perHour, tagged } from './cache.ts';
import { lastPublicHour, toDeviceItem, toLatestItems } from './place-items.ts';
import { toDay, toFlag } from './stations.ts';

export const deviceRoutes = new Hono<AppEnv>()
  .get('/v1/devices/:device', tagged, async (c) => {
    const found = await findDevice(c, c.req.param('device'));
    if (found instanceof Response) return found;
    const { time } = c.var.config.rules;
    const compared = found.events.flatMap(({ evidence }) => evidence.against);
    const [day, names] = await Promise.all([
      readLastDay(c.env.DB, found.row.device),
      readNames(c.env.DB, [found.row.device, ...compared]),
    ]);
    const answer: DeviceAnswer = {
      ...toDeviceItem(found),
      predecessor: found.row.predecessor,
      day: toDay(day ?? undefined),
      latest: toLatestItems(found, null, time),
      flags: found.events.flatMap((event) => toFlag(event, names, time)),
    };
    return c.json(answer, 200, { 'cache-control': perHour(time.hourSeconds) });
  })
  .get('/v1/devices/:device/metrics', tagged, async (c) => {
    const found = await findDevice(c, c.req.param('device'));
    if (found instanceof Response) return found;
    const { time } = c.var.config.rules;
    const { row, scoreBps, scoreEpoch, openFlags } = found;
    const metrics: DeviceMetrics = {
      device: row.device,
      name: row.displayName,
      region: row.cell,
      status: row.status,
      score:
        scoreBps === null || scoreEpoch === null ? null : { bps: scoreBps, atMs: epochStartMs(scoreEpoch + 1, time) },
      openFlags,
      values: [...found.latest].flatMap(([index, { hour, cell }]) => {
        const quantity = quantityByIndex(index);
        const [, , count, sum, , , flag] = cell;
        const endMs = hourStartMs(hour + 1, time);
        return quantity === undefined ? [] : [{ quantity, value: meanOf(sum, count, quantity), flag, endMs }];
      }),
    };
    return c.body(encodeOpenMetrics(metrics), 200, {
      'content-type': OPEN_METRICS_TYPE,
      'cache-control': perHour(time.hourSeconds),
    });
  });

async function findDevice(c: Context<AppEnv>, given: string) {
  const device = parseDeviceId(given);
  if (!device.ok) return problem(c, device.error);
  const found = await readPlacedDevice(c.env.DB, device.value, lastPublicHour(nowMs(), c.var.config.rules.time));
  return found ?? problem(c, { reason: 'no-such', kind: 'device', given: device.value });
}
