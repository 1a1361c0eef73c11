/** Calls of an account object, with the one retry that is safe: every method of it is idempotent. */
import type { OwnerAddress } from '../../core/ids.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { AccountApi } from '../../durable-objects/account/api.ts';
import { logLine } from '../../durable-objects/log.ts';
import { accountStub } from '../../durable-objects/stub.ts';
import type { EdgeBindings, EdgeConfig } from '../env.ts';

export type AccountUnavailable = { readonly reason: 'account-unavailable' };

export async function callAccount<T>(
  env: Pick<EdgeBindings, 'ACCOUNT'>,
  config: EdgeConfig,
  account: OwnerAddress,
  call: (account: AccountApi) => Promise<T>,
): Promise<Result<T, AccountUnavailable>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // A stub that has thrown is broken for good: each attempt takes a fresh one.
      return ok(await call(accountStub(env.ACCOUNT, config.chain.chainId, account)));
    } catch (error) {
      const { retryable, overloaded } = error as { retryable?: boolean; overloaded?: boolean };
      logLine({ code: 'account-call-failed', account, attempt, retryable, overloaded, message: String(error) });
      if (attempt === 2 || retryable !== true || overloaded === true) return err({ reason: 'account-unavailable' });
    }
  }
}
