/** The settler Worker: takes payments and keeps the credits that they buy. It has no public route; it alone holds the settler's key. */
import type { SettlerWorkerBindings } from './env.ts';

export { Account } from '../../durable-objects/account/account.ts';
export { Settler } from '../../durable-objects/settler/settler.ts';

export default {
  fetch: () => new Response(null, { status: 404 }),
} satisfies ExportedHandler<SettlerWorkerBindings>;
