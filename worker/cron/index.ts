/** The cron Worker: closes epochs, then pokes the Minter. It has no public route. */
import { minterStub } from '../../durable-objects/stub.ts';
import { DistributorReader } from '../adapters/chain/distributor.ts';
import { closeEpochs } from './close-epoch.ts';
import { checkCronConfig, type CronBindings } from './env.ts';

export { Minter } from '../../durable-objects/minter/minter.ts';

export default {
  fetch: () => new Response(null, { status: 404 }),

  async scheduled(controller, env) {
    const config = checkCronConfig(env);
    if (!config.ok) throw new Error(`${config.error.variable} ${config.error.detail}`);
    const nowMs = controller.scheduledTime;
    const minter = minterStub(env.MINTER, config.value.chainId);
    let alarms: readonly string[];
    try {
      const distributor = new DistributorReader(config.value);
      const outcome = await closeEpochs(
        {
          db: env.DB,
          archive: env.ARCHIVE,
          rules: config.value.rules,
          order: await distributor.order(),
          auction: () => distributor.auction(),
          treasury: config.value.treasury,
          burned: (epoch) => distributor.burned(epoch),
          async committed(epoch) {
            const own = await minter.commitOf(epoch);
            // In the chain since the Minter's last look: the next tick knows its transaction.
            return own?.transaction === null ? null : distributor.committed(epoch, own?.transaction ?? null);
          },
          stalledSince: (behind, at) => minter.stalledSince(behind, at),
        },
        nowMs,
      );
      alarms = outcome.alarms;
    } catch (error) {
      // What is already on its way must go on whether or not a further epoch can be closed.
      alarms = [`The epoch close failed: ${error instanceof Error ? error.name : 'unknown error'}.`];
    }
    await minter.poke(nowMs, alarms);
  },
} satisfies ExportedHandler<CronBindings>;
