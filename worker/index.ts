/** The edge Worker. */
import { app } from './app.ts';

export { ExportJob } from '../durable-objects/export-job/export-job.ts';
export { Region } from '../durable-objects/region/region.ts';
export { Notifier } from '../durable-objects/notifier/notifier.ts';

export default { fetch: app.fetch };
