/**
 * The EIP-712 domain of Circle's USDC, which a payment's signature covers. A wrong name makes every signature invalid:
 * OP Mainnet says "USD Coin", OP Sepolia "USDC".
 */
export type Eip712Domain = { readonly name: string; readonly version: string };

const OP_SEPOLIA = 11_155_420;

export function usdcDomain(chainId: number): Eip712Domain {
  return { name: chainId === OP_SEPOLIA ? 'USDC' : 'USD Coin', version: '2' };
}
