/** The only place that turns names into object stubs. */
import type { OwnerAddress, RegionCell } from '../core/ids.ts';
import type { Account } from './account/account.ts';
import type { ExportJob } from './export-job/export-job.ts';
import type { Region } from './region/region.ts';
import type { Settler } from './settler/settler.ts';
import type { Notifier } from './notifier/notifier.ts';
import type { Minter } from './minter/minter.ts';

export function regionStub(namespace: DurableObjectNamespace<Region>, cell: RegionCell): DurableObjectStub<Region> {
  return namespace.getByName(cell);
}

/** One settler per chain and key; the network has one key. */
export function settlerStub(namespace: DurableObjectNamespace<Settler>, chainId: number): DurableObjectStub<Settler> {
  return namespace.getByName(`eip155:${chainId}`);
}

export function minterStub(namespace: DurableObjectNamespace<Minter>, chainId: number): DurableObjectStub<Minter> {
  return namespace.getByName(`eip155:${chainId}`);
}

/** One account per payer. */
export function accountStub(
  namespace: DurableObjectNamespace<Account>,
  chainId: number,
  payer: OwnerAddress,
): DurableObjectStub<Account> {
  return namespace.getByName(`eip155:${chainId}:${payer}`);
}

export function exportJobStub(namespace: DurableObjectNamespace<ExportJob>, id: string): DurableObjectStub<ExportJob> {
  return namespace.getByName(id);
}

/** One watches for everybody, so that a closed hour is read once. */
export function notifierStub(
  namespace: DurableObjectNamespace<Notifier>,
  chainId: number,
): DurableObjectStub<Notifier> {
  return namespace.getByName(`eip155:${chainId}`);
}
