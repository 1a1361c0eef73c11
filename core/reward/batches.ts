/** Who is paid, and in which transaction: owners ordered by address, cut into batches that fit one transaction. */
import type { BatchFields } from './abi.ts';
import type { DeviceShare } from './split.ts';
import { batchLeaf, type Hex } from './merkle.ts';
import { compareText } from './weight.ts';

export type OwnerUsdc = { readonly owner: string; readonly usdc: bigint };

/** What a payout keeps of a device's share. */
export type PaidShare = Pick<DeviceShare, 'device' | 'owner' | 'scoreBps' | 'weight' | 'amount' | 'frozen'>;

export type Payout = {
  readonly owner: string;
  /** Base units of RewardToken. */
  readonly amount: bigint;
  /** Base units of USDC. */
  readonly usdc: bigint;
  /** The owner's paid devices, by device id; their amounts add up to `amount`. */
  readonly shares: readonly PaidShare[];
};

export type PayoutBatch = BatchFields & { readonly leaf: Hex };

/** Owners with anything to receive, by address. */
export function payoutsOf(shares: readonly PaidShare[], usdc: readonly OwnerUsdc[]): readonly Payout[] {
  const owners = new Map<string, { amount: bigint; usdc: bigint; shares: PaidShare[] }>();
  const accountOf = (owner: string) => {
    const account = owners.get(owner) ?? { amount: 0n, usdc: 0n, shares: [] };
    owners.set(owner, account);
    return account;
  };
  for (const share of shares) {
    if (share.frozen || share.amount === 0n) continue;
    const account = accountOf(share.owner);
    account.amount += share.amount;
    account.shares.push(share);
  }
  for (const credit of usdc) accountOf(credit.owner).usdc += credit.usdc;
  return [...owners]
    .filter(([, account]) => account.amount > 0n || account.usdc > 0n)
    .map(([owner, account]) => ({ owner, ...account }))
    .sort((a, b) => compareText(a.owner, b.owner));
}

export function batchesOf(epoch: number, payouts: readonly Payout[], batchRecipients: number): readonly PayoutBatch[] {
  const batches: PayoutBatch[] = [];
  for (let from = 0; from < payouts.length; from += batchRecipients) {
    const part = payouts.slice(from, from + batchRecipients);
    const fields: BatchFields = {
      epoch,
      index: batches.length,
      to: part.map((payout) => payout.owner),
      amount: part.map((payout) => payout.amount),
      usdcAmount: part.map((payout) => payout.usdc),
    };
    batches.push({ ...fields, leaf: batchLeaf(fields) });
  }
  return batches;
}
