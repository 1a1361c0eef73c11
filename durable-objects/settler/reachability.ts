/**
 * x402 takes a chain that does not answer for a payment that is not valid, and a buyer who is told so pays anew. This
 * counts the questions that got no answer, so that the facilitator can tell the two apart.
 */
import { BaseError, RpcRequestError, type Transport } from 'viem';

export class Reachability {
  #failures = 0;

  /** Unanswered questions so far. One of another payment at the same time only makes a buyer ask once more. */
  get failures(): number {
    return this.#failures;
  }

  watch(transport: Transport): Transport {
    return (options) => {
      const inner = transport(options);
      const request = async (call: Parameters<typeof inner.request>[0]): Promise<unknown> => {
        try {
          return await inner.request(call);
        } catch (error) {
          if (!isAnswer(error)) this.#failures++;
          throw error;
        }
      };
      return { ...inner, request: request as typeof inner.request };
    };
  }
}

/** A JSON-RPC error is the node's word: a revert for example. */
function isAnswer(error: unknown): boolean {
  return error instanceof BaseError && error.walk((cause) => cause instanceof RpcRequestError) !== null;
}
