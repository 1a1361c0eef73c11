/**
 * What the owner signs, as EIP-712 typed data. The page makes it from what it shows and takes nothing of it from the network,
 * except which chain and contract the signature is for.
 */
const CLAIM_FIELDS = [
  { name: 'device', type: 'string' },
  { name: 'owner', type: 'address' },
  { name: 'region', type: 'string' },
  { name: 'place', type: 'string' },
  { name: 'position', type: 'bytes32' },
  { name: 'name', type: 'string' },
  { name: 'type', type: 'string' },
  { name: 'tier', type: 'uint8' },
  { name: 'issuedAt', type: 'uint64' },
  { name: 'code', type: 'bytes16' },
] as const;

/** `eth_signTypedData_v4` wants the domain's own type among the others. */
const DOMAIN_FIELDS = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
] as const;

export type ClaimFields = {
  readonly device: string;
  readonly owner: string;
  readonly region: string;
  readonly place: string;
  readonly position: string;
  readonly name: string;
  readonly type: string;
  readonly tier: number;
  /** Unix seconds. */
  readonly issuedAt: number;
  readonly code: string;
};

export function claimTypedData(fields: ClaimFields, chainId: number, distributor: string) {
  return {
    domain: { name: 'Isobar', version: '1', chainId, verifyingContract: distributor },
    primaryType: 'Claim',
    types: { EIP712Domain: DOMAIN_FIELDS, Claim: CLAIM_FIELDS },
    message: fields,
  } as const;
}
