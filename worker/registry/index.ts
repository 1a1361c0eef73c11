/** The registry Worker: `/v1/registry/...`, and each minute what was cut off there. */
import { app } from './app.ts';
import type { RegistryBindings } from './env.ts';
import { finishUntold } from './finish-untold.ts';

export default {
  fetch: app.fetch,
  scheduled: (controller, env) => finishUntold(env, controller.scheduledTime),
} satisfies ExportedHandler<RegistryBindings>;
