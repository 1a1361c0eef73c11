/**
 * The EIP-712 domain of Circle's USDC, which a payment's signature covers. A wrong name makes every signature invalid:
 * OP Mainnet says "USD Coin", OP Sepolia "USDC".
 */
export type Eip712Domain = { readonly name: string; readonly version: string };

const OP_MAINNET = 10;
const OP_SEPOLIA = 11_155_420;

/** Circle's contracts. x402's own table of assets has none on OP. */
const ADDRESSES: ReadonlyMap<number, `0x${string}`> = new Map([
  [OP_MAINNET, '0x0b2c639c533813f4aa9d7837caf62653d097ff85'],
  [OP_SEPOLIA, '0x5fd84259d66cd46123540766be93dfe6d43130d7'],
]);

/** Lower case; undefined where we know of none. */
export const usdcAddress = (chainId: number): `0x${string}` | undefined => ADDRESSES.get(chainId);

export function usdcDomain(chainId: number): Eip712Domain {
  return { name: chainId === OP_SEPOLIA ? 'USDC' : 'USD Coin', version: '2' };
}
