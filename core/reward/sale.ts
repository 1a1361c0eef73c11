/**
 * A sale, and who gets its USDC: the devices that served it by units served, the operators of their regions, the burn
 * auction, and the treasury, which also takes every rounding rest, all of a sale without a single good unit, and the part
 * of regions that have no operator. Nothing is created or lost.
 */
import type { RewardRules } from '../rules/rule-set.ts';

export type ServedUnits = { readonly device: string; /** Device-quantity-hours answered. */ readonly units: number };

/**
 * `x402` was paid on the chain for one answer. `top-up` was paid on the chain, too, but for credits: nobody has served
 * anything yet, so it is not split; it is split as its credits are spent, each time by a `credit`.
 */
export type SaleKind = 'x402' | 'credit' | 'top-up';

export type Sale = {
  /** Unique for ever: `x402:{payer}:{nonce}` (top-ups as well), `credit:{account}:{n}`. It names no query. */
  readonly id: string;
  readonly kind: SaleKind;
  /** Base units. */
  readonly usdc: bigint;
  /** By device, each once; empty for a top-up. */
  readonly served: readonly ServedUnits[];
  /** Settlement on the chain, 0x hex; null for a credit. */
  readonly transaction: string | null;
  /** Unix milliseconds: time of the settlement's block; of a credit: when it was spent. */
  readonly soldMs: number;
};

/** What the chain paid is named after payer and authorization nonce (EIP-3009): both occur once. Lower-case hex. */
export function paymentSaleId({ payer, nonce }: { readonly payer: string; readonly nonce: string }): string {
  return `x402:${payer}:${nonce}`;
}

/** The account's n-th spending. */
export function creditSaleId(account: string, n: number): string {
  return `credit:${account}:${n}`;
}

export type SaleSplit = {
  /** In the order given, USDC base units. */
  readonly devices: readonly { readonly device: string; readonly usdc: bigint }[];
  /** Of operated regions that served, in the order of their first device. */
  readonly operators: readonly { readonly region: string; readonly usdc: bigint }[];
  readonly burn: bigint;
  readonly treasury: bigint;
};

const BPS = 10_000n;

/** @param operatedRegion of a device; null: its region has no operator */
export function splitSale(
  usdc: bigint,
  served: readonly ServedUnits[],
  operatedRegion: (device: string) => string | null,
  rules: Pick<RewardRules, 'saleDevicesBps' | 'saleOperatorBps' | 'saleBurnBps'>,
): SaleSplit {
  const forDevices = (usdc * BigInt(rules.saleDevicesBps)) / BPS;
  const forOperators = (usdc * BigInt(rules.saleOperatorBps)) / BPS;
  const burn = (usdc * BigInt(rules.saleBurnBps)) / BPS;
  const units = served.reduce((sum, { units: own }) => sum + BigInt(own), 0n);
  const shareOf = (whole: bigint, own: bigint): bigint => (units === 0n ? 0n : (whole * own) / units);
  const devices = served.map(({ device, units: own }) => ({ device, usdc: shareOf(forDevices, BigInt(own)) }));
  const regions = new Map<string, bigint>();
  for (const { device, units: own } of served) {
    const region = operatedRegion(device);
    if (region !== null) regions.set(region, (regions.get(region) ?? 0n) + BigInt(own));
  }
  const operators = [...regions].map(([region, own]) => ({ region, usdc: shareOf(forOperators, own) }));
  const given = [...devices, ...operators].reduce((sum, share) => sum + share.usdc, burn);
  return { devices, operators, burn, treasury: usdc - given };
}
