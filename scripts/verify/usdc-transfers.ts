/** Transfers of USDC by signed authorization (EIP-3009), from the logs of a transaction. */
import { parseEventLogs, type Log } from 'viem';
import { testUsdcAbi } from '../../contracts/abi/test-usdc.gen.ts';
import type { PaidTransfer } from '../../core/audit/check-usage.ts';

/**
 * USDC emits `AuthorizationUsed` and then the `Transfer` of that authorization (FiatTokenV2_2, and the test USDC): the next
 * log of the token after it is its transfer, so one transfer cannot stand for two authorizations.
 */
export function authorizedTransfers(logs: readonly Log[], usdc: string): readonly PaidTransfer[] {
  const own = logs.filter(({ address }) => address.toLowerCase() === usdc.toLowerCase());
  const events = parseEventLogs({ abi: testUsdcAbi, logs: [...own] });
  return events.flatMap((event, n) => {
    const next = events[n + 1];
    if (event.eventName !== 'AuthorizationUsed' || next?.eventName !== 'Transfer') return [];
    const { authorizer, nonce } = event.args;
    if (authorizer !== next.args.from) return [];
    const [payer, to] = [authorizer.toLowerCase(), next.args.to.toLowerCase()];
    return [{ payer, nonce, to, amount: String(next.args.value) }];
  });
}
