/** The Minter lives in the other Worker: a page must not fail with it, but must say so. */
import type { Minter } from '../../durable-objects/minter/minter.ts';
import { minterStub } from '../../durable-objects/stub.ts';
import type { MinterResumption, MinterStatus } from '../../schema/api/public.ts';

type Minters = DurableObjectNamespace<Minter>;

const AWAY = 'The minter does not answer: is the cron Worker deployed and running?';

export async function readMinter(minters: Minters, chainId: number): Promise<MinterStatus> {
  try {
    const { address, balance, lastFinalEpoch, pendingTransactions, alarms, waiting } = await minterStub(
      minters,
      chainId,
    ).status();
    // Its report has more, which is for those who keep it.
    return { address, balance, lastFinalEpoch, pendingTransactions, alarms, waiting };
  } catch {
    return {
      address: null,
      balance: null,
      lastFinalEpoch: null,
      pendingTransactions: 0,
      alarms: [AWAY],
      waiting: null,
    };
  }
}

export async function resumeMinter(minters: Minters, chainId: number): Promise<MinterResumption> {
  try {
    return await minterStub(minters, chainId).resume();
  } catch {
    return { done: [], waits: [AWAY] };
  }
}
