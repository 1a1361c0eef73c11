/** Why a call would revert: the contract's error by name with its facts, else the node's own words. */
import { BaseError, ContractFunctionRevertedError, ContractFunctionZeroDataError, decodeErrorResult } from 'viem';
import { epochDistributorAbi } from '../../contracts/abi/epoch-distributor.gen.ts';

/** Null: not a revert, so the node or the way to it failed. */
export function revertReason(error: unknown): string | null {
  if (!(error instanceof BaseError)) return null;
  const data = revertData(error);
  if (data === null) return /revert/i.test(error.details || error.message) ? error.details || error.shortMessage : null;
  try {
    const { errorName, args } = decodeErrorResult({ abi: epochDistributorAbi, data });
    return `${errorName}(${(args ?? []).join(', ')})`;
  } catch {
    // An error of another contract: its selector is all there is to say.
    return `error ${data.slice(0, 10)}`;
  }
}

/** There is no contract, or it does not have the function: as opposed to a node that fails. */
export function isMissing(error: unknown): boolean {
  return (
    error instanceof BaseError &&
    error.walk(
      (cause) => cause instanceof ContractFunctionZeroDataError || cause instanceof ContractFunctionRevertedError,
    ) !== null
  );
}

/** Nodes put the return data in the JSON-RPC error object; viem keeps it at whichever level caught it. */
function revertData(error: BaseError): `0x${string}` | null {
  const holder = error.walk(
    (cause) => typeof cause === 'object' && cause !== null && 'data' in cause && isReturnData(cause.data),
  );
  return holder !== null && 'data' in holder && isReturnData(holder.data) ? holder.data : null;
}

function isReturnData(given: unknown): given is `0x${string}` {
  return typeof given === 'string' && /^0x[0-9a-f]{8,}$/i.test(given);
}
