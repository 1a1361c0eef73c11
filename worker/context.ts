/** What every route handler finds in Hono's context: the runtime's bindings, the checked config and the request's id. */
import type { EdgeBindings, EdgeConfig } from './env.ts';

export type AppEnv = {
  Bindings: EdgeBindings;
  Variables: {
    /** Parsed once an isolate by app.ts. */
    config: EdgeConfig;
    /** Given back as `x-request-id` and written in every log line about this request. */
    requestId: string;
  };
};
