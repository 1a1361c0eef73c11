/** A proof up to its price: the batches, each with its place under a commit. The rest is put together once it is paid. */
import type { PathStep } from '../../../core/merkle-tree.ts';
import { quantityHoursOf, type QuantityHour } from '../../../core/price/proof.ts';
import { claimOf } from '../../../core/proof/make.ts';
import type { Claim } from '../../../core/proof/format.ts';
import { commitExpectedMs, type ProofRefusal } from '../../../core/query/proof-refusal.ts';
import type { ProofRequest } from '../../../core/query/proof-request.ts';
import { err, ok, type Result } from '../../../core/result.ts';
import type { RuleSet } from '../../../core/rules/rule-set.ts';
import { epochOf, epochOfHour } from '../../../core/time.ts';
import { regionStub } from '../../../durable-objects/stub.ts';
import type { EdgeBindings } from '../../env.ts';
import type { SoldDevice } from '../d1/observations.ts';
import type { EpochRow } from '../d1/public.ts';
import { holdersOf } from '../observation-rows.ts';
import { anchorOf } from './anchor.ts';
import { findBatches, type PlacedBatch } from './find-batches.ts';

export type AnchoredBatch = PlacedBatch & { readonly row: EpochRow; readonly path: readonly PathStep[] };

export type Draft = {
  readonly device: SoldDevice;
  readonly claim: Claim;
  readonly batches: readonly AnchoredBatch[];
  /** Everything in these batches. */
  readonly revealed: readonly QuantityHour[];
};

/** What a stored answer may have is 2 MB (Durable Objects limits); paths and verdicts are small beside the bodies. */
const MAX_BODY_CHARACTERS = 1_500_000;

type Stores = Pick<EdgeBindings, 'DB' | 'ARCHIVE' | 'REGION'>;

/** Of an hour, what is committed is answered, and what is not yet is left out: a proof never says that there is no more. */
export async function draftProof(
  stores: Stores,
  request: ProofRequest,
  device: SoldDevice,
  rules: RuleSet,
  nowMs: number,
): Promise<Result<Draft, ProofRefusal>> {
  const found = await findBatches(stores, request, rules.time);
  if (found.length === 0) return err(await whyNothing(stores, request, device, rules, nowMs));
  const anchored: AnchoredBatch[] = [];
  let refusal: ProofRefusal | null = null;
  for (const batch of found) {
    const { region: cell, segment } = batch.sealed;
    const epoch = epochOfHour(batch.hour, rules.time);
    const anchor = await anchorOf(stores, { cell, ...segment }, epoch, rules, nowMs);
    if (anchor.ok) anchored.push({ ...batch, ...anchor.value });
    else refusal ??= anchor.error;
  }
  if (anchored.length === 0 && refusal !== null) return err(refusal);
  const bytes = anchored.reduce((sum, { sealed }) => sum + sealed.post.body.length + sealed.entry.readings.length, 0);
  if (bytes > MAX_BODY_CHARACTERS) return err({ reason: 'proof-too-large', bytes, limit: MAX_BODY_CHARACTERS });
  const readings = anchored.map((batch) => batch.readings);
  return ok({
    device,
    claim: claimOf(readings, request),
    batches: anchored,
    revealed: quantityHoursOf(readings, rules.time),
  });
}

/** In no sealed segment: perhaps it came after the last seal. */
async function whyNothing(
  { REGION }: Stores,
  { device: name, quantity, fromMs, untilMs }: ProofRequest,
  device: SoldDevice,
  { time }: RuleSet,
  nowMs: number,
): Promise<ProofRefusal> {
  const query = {
    devices: [name],
    quantities: [quantity.code],
    fromMs,
    untilMs,
    resolution: 'raw',
    limit: 1,
  } as const;
  const asked = holdersOf(device).map(({ cell }) => regionStub(REGION, cell).observations(query));
  const open = (await Promise.all(asked)).flat();
  if (open.length === 0) return { reason: 'no-such-reading' };
  // The next close seals it; a region that has closed nothing begins with its oldest readings.
  const { closedThrough } = device;
  const epoch = closedThrough === null ? epochOf(fromMs, time) : epochOfHour(closedThrough + 1, time);
  return { reason: 'proof-pending', epoch, expectedMs: commitExpectedMs(epoch, nowMs, time) };
}
