/**
 * What a query costs, in USDC base units (1e-6 USDC). The unit is the device-quantity-hour: raw rows inside it cost
 * nothing more, so nobody gains by posting faster.
 */

/** 0.0001 USDC: one quantity of one station for 30 days costs 0.072 USDC. */
export const PRICE_PER_DEVICE_QUANTITY_HOUR = 100n;

/** 0.01 USDC: settling one payment on the chain costs the network 3 to 16 % of it. */
export const FLOOR_PRICE = 10_000n;

export function priceOf(deviceQuantityHours: number): bigint {
  const price = BigInt(deviceQuantityHours) * PRICE_PER_DEVICE_QUANTITY_HOUR;
  return price > FLOOR_PRICE ? price : FLOOR_PRICE;
}

/** `0.01` for 10,000 base units. */
export function formatUsdc(baseUnits: bigint): string {
  const fraction = String(baseUnits % 1_000_000n)
    .padStart(6, '0')
    .replace(/0+$/, '');
  return `${baseUnits / 1_000_000n}${fraction === '' ? '' : `.${fraction}`}`;
}
