/** The Worker that test/workerd runs: the edge Worker, with the objects of the cron and the settler Worker in the same isolate. */
export { default } from '../../worker/index.ts';
export * from '../../worker/index.ts';
export { Account, Settler } from '../../worker/settler/index.ts';
export { Minter } from '../../durable-objects/minter/minter.ts';
