/** The edge Worker. */
import { app } from './app.ts';

export { Account } from '../durable-objects/account/account.ts';
export { ExportJob } from '../durable-objects/export-job/export-job.ts';
export { Region } from '../durable-objects/region/region.ts';
export { Notifier } from '../durable-objects/notifier/notifier.ts';
export { Settler } from '../durable-objects/settler/settler.ts';

export default { fetch: app.fetch };
