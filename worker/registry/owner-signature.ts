/** EIP-712 by viem: what an act is known by, and who has signed it. Contract wallets (EIP-1271) are not taken. */
import { bytesToHex, hashTypedData, recoverTypedDataAddress } from 'viem';
import { parseOwnerAddress, type OwnerAddress } from '../../core/ids.ts';
import type { Hex } from '../../core/lifecycle/act.ts';
import type { ActTypedData } from '../../core/lifecycle/typed-data.ts';

export function actHash(typedData: ActTypedData): Hex {
  return hashTypedData(forViem(typedData));
}

/** Null: no point of the curve, or no such recovery bit. */
export async function recoverOwner(typedData: ActTypedData, signature: Uint8Array): Promise<OwnerAddress | null> {
  const recovered = await recoverTypedDataAddress({
    ...forViem(typedData),
    signature: bytesToHex(signature),
  }).catch(() => null);
  const address = parseOwnerAddress(recovered);
  return address.ok ? address.value : null;
}

/** viem's arrays are not readonly. */
function forViem({ domain, types, primaryType, message }: ActTypedData) {
  return {
    domain,
    types: Object.fromEntries(Object.entries(types).map(([name, fields]) => [name, [...fields]])),
    primaryType,
    message: { ...message },
  };
}
