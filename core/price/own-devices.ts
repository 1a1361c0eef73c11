/** An owner reads its own devices free of charge: of what it asks for, only the devices of others have a price and earn. */
import type { OwnerAddress } from '../ids.ts';

export type Split<T> = { readonly own: readonly T[]; readonly others: readonly T[] };

/** @param asker the wallet that signed the request; null: nobody did, so nothing is known to be its own */
export function splitByOwner<T extends { readonly owner: string }>(
  devices: readonly T[],
  asker: OwnerAddress | null,
): Split<T> {
  return {
    own: devices.filter(({ owner }) => owner === asker),
    others: devices.filter(({ owner }) => owner !== asker),
  };
}
