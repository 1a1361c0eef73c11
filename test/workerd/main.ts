/** The Worker that test/workerd runs: the edge Worker, with the cron Worker's object in the same isolate. */
export { default } from '../../worker/index.ts';
export * from '../../worker/index.ts';
export { Minter } from '../../durable-objects/minter/minter.ts';
