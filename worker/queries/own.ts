/** What a page costs whoever asks: the devices of others. The asker's own are free, and earn nothing by it. */
import type { OwnerAddress } from '../../core/ids.ts';
import { splitByOwner } from '../../core/price/own-devices.ts';
import { priceOf } from '../../core/price/price.ts';
import { unitsOf, type Ask, type Page } from '../../core/query/plan.ts';
import type { OwnDevices } from '../../schema/api/observations.ts';
import type { SoldDevice } from '../adapters/d1/observations.ts';

export type OwnShare = {
  /** Nothing where all is the asker's own. */
  readonly amount: bigint;
  readonly units: number;
  /** Ids of the devices that earn. */
  readonly sold: ReadonlySet<string>;
  /** For the quote; left out where nobody signed. */
  readonly facts: { readonly own?: OwnDevices };
};

export function shareOfOthers(
  { slices }: Page<SoldDevice>,
  cost: Ask<SoldDevice>['cost'],
  asker: OwnerAddress | null,
): OwnShare {
  const owned = slices.map((slice) => ({ slice, owner: slice.device.owner }));
  const { own, others } = splitByOwner(owned, asker);
  const notOwn = others.map(({ slice }) => slice.device.device);
  const units = unitsOf(
    others.map(({ slice }) => slice),
    cost,
  );
  return {
    amount: others.length === 0 && own.length > 0 ? 0n : priceOf(units),
    units,
    sold: new Set<string>(notOwn),
    facts: asker === null ? {} : { own: { devices: own.length, notOwn } },
  };
}
