/**
 * Who gets a sale's USDC: the devices that served it by units served, the regional operator, the burn auction, and the
 * treasury, which also takes every rounding rest and the operator's share where there is none. Nothing is created or lost.
 */
import type { RewardRules } from '../rules/rule-set.ts';

export type ServedUnits = { readonly device: string; /** Device-quantity-hours answered. */ readonly units: number };

export type SaleSplit = {
  /** In the order given, USDC base units. */
  readonly devices: readonly { readonly device: string; readonly usdc: bigint }[];
  readonly operator: bigint;
  readonly burn: bigint;
  readonly treasury: bigint;
};

const BPS = 10_000n;

export function splitSale(
  usdc: bigint,
  served: readonly ServedUnits[],
  hasOperator: boolean,
  rules: Pick<RewardRules, 'saleDevicesBps' | 'saleOperatorBps' | 'saleBurnBps'>,
): SaleSplit {
  const forDevices = (usdc * BigInt(rules.saleDevicesBps)) / BPS;
  const units = served.reduce((sum, { units: own }) => sum + BigInt(own), 0n);
  const devices = served.map(({ device, units: own }) => ({
    device,
    usdc: units === 0n ? 0n : (forDevices * BigInt(own)) / units,
  }));
  const operator = hasOperator ? (usdc * BigInt(rules.saleOperatorBps)) / BPS : 0n;
  const burn = (usdc * BigInt(rules.saleBurnBps)) / BPS;
  const toDevices = devices.reduce((sum, share) => sum + share.usdc, 0n);
  return { devices, operator, burn, treasury: usdc - toDevices - operator - burn };
}
