/// <reference types="@cloudflare/vitest-plugin/types" />
import type { D1Migration } from 'cloudflare:test';
import type * as main from './main.ts';
import type { EdgeBindings } from '../../worker/env.ts';

declare global {
  namespace Cloudflare {
    /** What `import { env } from 'cloudflare:workers'` gives in tests. */
    interface Env extends EdgeBindings {
      readonly MIGRATIONS: D1Migration[];
      readonly COMMITTER_PRIVATE_KEY: string;
      /** State hash of the synthetic log, folded by the Node that runs vitest. */
      readonly NODE_STATE_HASH: string;
      /** A measured month as one region's log (test/support/data-set-log.ts), and its hash as Node folds it. */
      readonly DATA_SET_LOG: string;
      readonly NODE_DATA_SET_HASH: string;
    }
    interface GlobalProps {
      mainModule: typeof main;
    }
  }
}
