/** The registry Worker: `/v1/registry/...`; each minute it ends what was cut off there, and forgets halves that nobody came for. */
import { app } from './app.ts';
import type { RegistryBindings } from './env.ts';
import { finishUntold } from './finish-untold.ts';
import { forgetExpired } from './waiting-store.ts';

export default {
  fetch: app.fetch,
  scheduled: async (controller, env) => {
    await finishUntold(env, controller.scheduledTime);
    await forgetExpired(env.DB, controller.scheduledTime);
  },
} satisfies ExportedHandler<RegistryBindings>;
