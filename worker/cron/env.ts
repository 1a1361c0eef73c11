/** What the cron Worker is given: the Minter's bindings and the Minter itself. It alone holds the committer's key. */
import type { Minter } from '../../durable-objects/minter/minter.ts';
import type { MinterBindings } from '../../durable-objects/minter/config.ts';

export type CronBindings = MinterBindings & {
  readonly MINTER: DurableObjectNamespace<Minter>;
};
