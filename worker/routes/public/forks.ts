/** `GET /v1/devices/{device}/forks` and `.../{fork}`: where batches of one key part, and the file that shows it. */
import { Hono, type Context } from 'hono';
import { parseDeviceId } from '../../../core/ids.ts';
import { rfc3339 } from '../../../core/time.ts';
import type { ForksAnswer } from '../../../schema/api/places.ts';
import { nowMs } from '../../adapters/clock.ts';
import { listForks, type ForkRow } from '../../adapters/d1/forks.ts';
import type { AppEnv } from '../../context.ts';
import { problem } from '../../middleware/problem.ts';
import { IMMUTABLE, perHour } from './cache.ts';

export const forkRoutes = new Hono<AppEnv>()
  .get('/v1/devices/:device/forks', async (c) => {
    const rows = await rowsOf(c);
    if (rows instanceof Response) return rows;
    // The newest word on each.
    const forks = rows.filter(
      (row, at) =>
        rows.findIndex(({ cell, older, seq }) => cell === row.cell && older === row.older && seq === row.seq) === at,
    );
    const answer: ForksAnswer = {
      forks: forks.map((row) => ({
        fork: nameOf(row),
        region: row.cell,
        verdict: row.verdict,
        batches: row.branches.map((branch) => branch.length),
        received: rfc3339(row.receivedMs),
      })),
    };
    return c.json(answer, 200, { 'cache-control': perHour(c.var.config.rules.time.hourSeconds) });
  })
  .get('/v1/devices/:device/forks/:fork', async (c) => {
    const rows = await rowsOf(c);
    if (rows instanceof Response) return rows;
    const given = c.req.param('fork');
    const row = rows.find((one) => nameOf(one) === given);
    const file = row === undefined ? null : await c.env.ARCHIVE.get(row.proof);
    if (file === null) return problem(c, { reason: 'no-such', kind: 'fork', given });
    return c.body(file.body, 200, { 'content-type': 'application/json', 'cache-control': IMMUTABLE });
  });

const nameOf = ({ cell, older, seq, hour }: ForkRow): string => `${cell}-${older}-${seq}-${hour}`;

async function rowsOf(c: Context<AppEnv>): Promise<readonly ForkRow[] | Response> {
  const device = parseDeviceId(c.req.param('device'));
  if (!device.ok) return problem(c, device.error);
  return listForks(c.env.DB, device.value, nowMs() - c.var.config.rules.time.publicationDelaySeconds * 1000);
}
