/**
 * Acts as EIP-712 typed data: plain objects, hashed and recovered at the rim (viem). The domain names chain and contract, so
 * that a signature for one network means nothing on another.
 */
import type { Act, ActKind, Hex } from './act.ts';

export type ActDomain = {
  readonly chainId: number;
  /** The distributor: the contract that pays the owner. */
  readonly contract: Hex;
};

type Field = { readonly name: string; readonly type: string };
type Value = string | number | bigint;

export type ActTypedData = {
  readonly domain: {
    readonly name: 'Isobar';
    readonly version: '1';
    readonly chainId: number;
    readonly verifyingContract: Hex;
  };
  readonly types: Readonly<Record<string, readonly Field[]>>;
  readonly primaryType: string;
  readonly message: Readonly<Record<string, Value>>;
};

const fields = (list: string): readonly Field[] =>
  list.split(', ').map((field) => {
    const [type = '', name = ''] = field.split(' ');
    return { name, type };
  });

const PLACED = 'string device, address owner, string region, string place, bytes32 position';

export const ACT_TYPES: Readonly<Record<ActKind, { readonly name: string; readonly fields: readonly Field[] }>> = {
  claim: {
    name: 'Claim',
    fields: fields(`${PLACED}, string name, string type, uint8 tier, uint64 issuedAt, bytes16 code`),
  },
  relocate: { name: 'Relocate', fields: fields(`${PLACED}, uint64 issuedAt`) },
  maintenance: { name: 'Maintenance', fields: fields('string device, uint64 from, uint64 until, uint64 issuedAt') },
  transfer: { name: 'Transfer', fields: fields('string device, address from, address to, uint64 issuedAt') },
  rotate: { name: 'Rotate', fields: fields('string device, string successor, uint64 issuedAt') },
  retire: { name: 'Retire', fields: fields('string device, uint64 issuedAt') },
};

export function typedDataOf(act: Act, { chainId, contract }: ActDomain): ActTypedData {
  const { name, fields: of } = ACT_TYPES[act.kind];
  const values = new Map<string, Value>(Object.entries(act));
  return {
    domain: { name: 'Isobar', version: '1', chainId, verifyingContract: contract },
    types: { [name]: of },
    primaryType: name,
    message: Object.fromEntries(
      of.map((field) => {
        const value = values.get(field.name);
        if (value === undefined) throw new Error(`${act.kind} has no ${field.name}`);
        return [field.name, field.type === 'uint64' ? BigInt(value) : value];
      }),
    ),
  };
}
