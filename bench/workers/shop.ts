/** The edge Worker, and beside it the least that an answer about closed days needs: one statement, its rows as JSON. */
import type { EdgeBindings } from '../../worker/env.ts';
import { app } from '../../worker/app.ts';

export { Account } from '../../durable-objects/account/account.ts';
export { ExportJob } from '../../durable-objects/export-job/export-job.ts';
export { Notifier } from '../../durable-objects/notifier/notifier.ts';
export { Region } from '../../durable-objects/region/region.ts';
export { Settler } from '../../durable-objects/settler/settler.ts';

const STATEMENTS: Readonly<Record<string, string>> = {
  '/statement/device': `SELECT device, epoch, series, late_series FROM device_day
    WHERE device = ? AND epoch >= ? AND epoch < ?`,
  '/statement/cell': `SELECT day.device, day.epoch, day.series, day.late_series
    FROM device JOIN device_day day ON day.device = device.device WHERE device.cell = ? AND day.epoch >= ? AND day.epoch < ?`,
};

export default {
  async fetch(request, env, context) {
    const { pathname, searchParams } = new URL(request.url);
    const statement = STATEMENTS[pathname];
    if (statement === undefined) return app.fetch(request, env, context);
    const [from, until] = ['from', 'until'].map((name) => Number(searchParams.get(name)));
    const { results } = await env.DB.prepare(statement).bind(searchParams.get('of'), from, until).all();
    return Response.json(results);
  },
} satisfies ExportedHandler<EdgeBindings>;
