/** Events over a long stretch of chain, from a node that may refuse long stretches. */
import { BaseError, type PublicClient } from 'viem';

/** Public nodes allow 500 blocks at the least, most 10,000. */
const SHORTEST = 500n;

/** Asks for all of it, and for half as much whenever the node refuses. `ask` answers for blocks `from` to `to`. */
export async function readInParts<T>(
  from: bigint,
  to: bigint,
  ask: (from: bigint, to: bigint) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const found: T[] = [];
  let length = to - from + 1n;
  for (let at = from; at <= to;) {
    const until = at + length - 1n < to ? at + length - 1n : to;
    try {
      found.push(...(await ask(at, until)));
      at = until + 1n;
    } catch (error) {
      if (!(error instanceof BaseError) || length <= SHORTEST) throw error;
      length = length / 2n > SHORTEST ? length / 2n : SHORTEST;
    }
  }
  return found;
}

/** The first block at or after a time; the newest where there is none yet. */
export async function blockAt(client: PublicClient, seconds: number): Promise<bigint> {
  let [from, until] = [0n, await client.getBlockNumber()];
  while (from < until) {
    const middle = (from + until) / 2n;
    const { timestamp } = await client.getBlock({ blockNumber: middle });
    if (timestamp < BigInt(seconds)) from = middle + 1n;
    else until = middle;
  }
  return from;
}
