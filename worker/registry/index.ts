/** The registry Worker: `/v1/registry/...`. */
import { app } from './app.ts';

export default { fetch: app.fetch };
