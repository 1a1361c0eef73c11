/** Watches the network's epochs from the outside, as the page does, and says each change once. */
import type { EpochItem, EpochsAnswer } from '../../schema/api/public.ts';

/** What changed between two looks, oldest epoch first. */
export function epochNews(
  known: ReadonlyMap<number, EpochItem['state']>,
  epochs: readonly EpochItem[],
): readonly string[] {
  return epochs
    .filter(({ epoch, state }) => known.get(epoch) !== state)
    .toSorted((a, b) => a.epoch - b.epoch)
    .flatMap((item) => sentenceOf(item) ?? []);
}

/** `final` follows `minted` within seconds here and says nothing new; steps in between are no news either. */
function sentenceOf(item: EpochItem): string | null {
  const { epoch, state, recipients, devices, commitTransaction, mintTransactions } = item;
  const payout = `${tokens(item.total)} ISO to ${recipients} owners of ${devices} devices`;
  switch (state) {
    case 'computed':
      return `epoch ${epoch} computed: ${payout}`;
    case 'committed':
      return `epoch ${epoch} committed to the chain${transaction(commitTransaction)}`;
    case 'minted':
      return recipients === 0
        ? `epoch ${epoch} paid nobody`
        : `epoch ${epoch} minted: ${payout}${transaction(mintTransactions.at(-1) ?? null)}`;
    case 'revoked':
      return `epoch ${epoch} was revoked by the guardian`;
    case 'committing':
    case 'minting':
    case 'final':
      return null;
  }
}

const transaction = (hash: string | null): string => (hash === null ? '' : `, transaction ${hash}`);

/** Base units of 1e-18 with two decimals, rounded down. */
export function tokens(baseUnits: string): string {
  const hundredths = BigInt(baseUnits) / 10n ** 16n;
  return `${hundredths / 100n}.${String(hundredths % 100n).padStart(2, '0')}`;
}

export async function readEpochs(api: string): Promise<readonly EpochItem[]> {
  const response = await fetch(`${api}/v1/epochs`, { signal: AbortSignal.timeout(5_000) });
  if (!response.ok) return [];
  return (await response.json<EpochsAnswer>()).epochs;
}
