/**
 * What buyers paid in an epoch, and to whom it goes. The usage list names every sale that the epoch counts, with the facts
 * that no log and no chain holds; it is published, and the epoch's report holds its hash. It does not say what was asked.
 *
 * A device's part goes to its owner as of its device-day in the epoch, whatever its key is by then (key-holder.ts), or, where
 * the epoch has none of it, as of its last day before, which the list names. Quarantine changes nothing: what was sold was good when it was sold. What has no payee goes to the treasury: rounding, sales without a good unit, devices without an owner.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../canonical-json.ts';
import type { RewardRules } from '../rules/rule-set.ts';
import type { OwnerUsdc } from './batches.ts';
import { holders, type Predecessors } from './key-holder.ts';
import { splitSale, type Sale } from './sale.ts';
import { NOBODY } from './split.ts';
import { compareText, type DeviceDay } from './weight.ts';

/** Addresses are lower-case hex with 0x. */
export type UsageFacts = {
  readonly sales: readonly Sale[];
  /** Null where no sale is split. */
  readonly payees: { readonly auction: string; readonly treasury: string } | null;
  readonly operators: readonly RegionOperator[];
  /** By the key that served, of devices that have no device-day in the epoch. Those that are in neither place have no owner. */
  readonly devices: readonly DeviceFacts[];
};

export type RegionOperator = { readonly cell: string; readonly operator: string };
export type DeviceFacts = { readonly device: string; readonly owner: string; readonly cell: string };

export const NO_USAGE: UsageFacts = { sales: [], payees: null, operators: [], devices: [] };

export type UsageShares = {
  /** Each payee once, by address; adds up to `usdc`. */
  readonly payees: readonly OwnerUsdc[];
  /** Sales that were split, and their USDC. */
  readonly sales: number;
  readonly usdc: bigint;
  readonly topUps: bigint;
  /** Of credits: part of `usdc`. */
  readonly spent: bigint;
  readonly burn: bigint;
  readonly treasury: bigint;
  /** By cell and by device, without those that get nothing. */
  readonly operators: readonly (RegionOperator & { readonly usdc: bigint })[];
  readonly devices: readonly DeviceUsdc[];
};

export type DeviceUsdc = {
  /** The key that holds the device in the epoch, whichever one its sold hours have. */
  readonly device: string;
  readonly owner: string;
  /** Device-quantity-hours that were sold. */
  readonly units: number;
  readonly usdc: bigint;
};

/** The order of sales, days and facts changes nothing. */
export function shareUsage(
  facts: UsageFacts,
  days: readonly DeviceDay[],
  predecessors: Predecessors,
  rules: RewardRules,
): UsageShares {
  const split = facts.sales.filter(({ kind }) => kind !== 'top-up');
  const sumOf = (kind: Sale['kind']): bigint =>
    facts.sales.reduce((sum, sale) => (sale.kind === kind ? sum + sale.usdc : sum), 0n);
  const listed = new Map(facts.devices.map((known) => [known.device, known]));
  const dayOf = holders(days, predecessors);
  const factsOf = (key: string): DeviceFacts | undefined => dayOf(key) ?? listed.get(key);
  const operators = new Map(facts.operators.map(({ cell, operator }) => [cell, operator]));
  const operatedRegion = (device: string): string | null => {
    const cell = factsOf(device)?.cell;
    return cell !== undefined && isPayee(operators.get(cell)) ? cell : null;
  };
  const devices = new Map<string, { units: number; usdc: bigint }>();
  const regions = new Map<string, bigint>();
  let [burn, treasury] = [0n, 0n];
  for (const sale of split) {
    const shares = splitSale(sale.usdc, sale.served, operatedRegion, rules);
    for (const [n, share] of shares.devices.entries()) {
      const device = factsOf(share.device)?.device ?? share.device;
      const own = devices.get(device) ?? { units: 0, usdc: 0n };
      devices.set(device, { units: own.units + (sale.served[n]?.units ?? 0), usdc: own.usdc + share.usdc });
    }
    for (const { region, usdc } of shares.operators) regions.set(region, (regions.get(region) ?? 0n) + usdc);
    burn += shares.burn;
    treasury += shares.treasury;
  }
  const served = [...devices].map(([device, own]) => ({ device, owner: factsOf(device)?.owner ?? NOBODY, ...own }));
  for (const { owner, usdc } of served) if (!isPayee(owner)) treasury += usdc;
  const operated = [...regions].map(([cell, usdc]) => ({ cell, operator: operators.get(cell) ?? NOBODY, usdc }));
  const paid = served.filter(({ owner, usdc }) => isPayee(owner) && usdc > 0n);
  return {
    payees: sumByOwner([
      ...paid,
      ...operated.map(({ operator, usdc }) => ({ owner: operator, usdc })),
      { owner: facts.payees?.auction ?? NOBODY, usdc: burn },
      { owner: facts.payees?.treasury ?? NOBODY, usdc: treasury },
    ]),
    sales: split.length,
    usdc: sumOf('x402') + sumOf('credit'),
    topUps: sumOf('top-up'),
    spent: sumOf('credit'),
    burn,
    treasury,
    operators: operated.filter(({ usdc }) => usdc > 0n).sort((a, b) => compareText(a.cell, b.cell)),
    devices: paid.sort((a, b) => compareText(a.device, b.device)),
  };
}

/** Credits paid for and not spent, after these sales; below 0 more was spent than was paid for, and nothing may be paid. */
export function unspentAfter(before: bigint, sales: readonly Sale[]): bigint {
  return sales.reduce((left, { kind, usdc }) => {
    if (kind === 'top-up') return left + usdc;
    return kind === 'credit' ? left - usdc : left;
  }, before);
}

/** Keys that served and have no device-day of their own. */
export function keysWithoutDay(sales: readonly Sale[], days: readonly DeviceDay[]): readonly string[] {
  const known = new Set(days.map(({ device }) => device));
  const served = new Set(sales.flatMap((sale) => sale.served.map(({ device }) => device)));
  return [...served].filter((device) => !known.has(device)).sort(compareText);
}

/** The published form, canonical JSON: the same facts give the same bytes. */
export function encodeUsage(epoch: number, { sales, payees, operators, devices }: UsageFacts): string {
  return canonicalJson({
    format: 'isobar-usage-1',
    epoch,
    payees,
    operators: [...operators].sort((a, b) => compareText(a.cell, b.cell)),
    devices: [...devices].sort((a, b) => compareText(a.device, b.device)),
    sales: [...sales]
      .sort((a, b) => compareText(a.id, b.id))
      .map(({ served, usdc, ...sale }) => ({
        ...sale,
        usdc: String(usdc),
        served: [...served]
          .sort((a, b) => compareText(a.device, b.device))
          .map(({ device, units }) => [device, units] as const),
      })),
  });
}

type EncodedUsage = Omit<UsageFacts, 'sales'> & {
  readonly epoch: number;
  readonly sales: readonly (Omit<Sale, 'usdc' | 'served'> & {
    readonly usdc: string;
    readonly served: readonly (readonly [string, number])[];
  })[];
};

/** Only of a text whose hash or shape is known: then it is what `encodeUsage` gave. */
export function decodeUsage(text: string): UsageFacts {
  const { payees, operators, devices, sales } = JSON.parse(text) as EncodedUsage;
  return {
    payees,
    operators,
    devices,
    sales: sales.map((sale) => ({
      ...sale,
      usdc: BigInt(sale.usdc),
      served: sale.served.map(([device, units]) => ({ device, units })),
    })),
  };
}

/** sha-256, lower-case hex; also the list's name in the archive. */
export function hashUsage(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

export function usageKey(hash: string): string {
  return `usage/${hash}.json`;
}

function isPayee(address: string | undefined): boolean {
  return address !== undefined && address !== NOBODY;
}

function sumByOwner(shares: readonly OwnerUsdc[]): readonly OwnerUsdc[] {
  const sums = new Map<string, bigint>();
  for (const { owner, usdc } of shares) if (usdc > 0n) sums.set(owner, (sums.get(owner) ?? 0n) + usdc);
  return [...sums].map(([owner, usdc]) => ({ owner, usdc })).sort((a, b) => compareText(a.owner, b.owner));
}
