/** `GET /v1/proofs`: a reading with its evidence, up to the data root on the chain. Free until there is something to sell. */
import { Hono, type Context } from 'hono';
import { formatUsdc } from '../../core/price/price.ts';
import { proofPrice } from '../../core/price/proof.ts';
import { PROOF_MEDIA_TYPE } from '../../core/proof/format.ts';
import { queryHash } from '../../core/query/observations.ts';
import { canonicalProofQuery, parseProofRequest, type ProofRequest } from '../../core/query/proof-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { rfc3339 } from '../../core/time.ts';
import { logLine } from '../../durable-objects/log.ts';
import type { SoldAnswer } from '../../durable-objects/settler/api.ts';
import type { ProofQuote } from '../../schema/api/proofs.ts';
import { nowMs } from '../adapters/clock.ts';
import { readSelection, type SoldDevice } from '../adapters/d1/observations.ts';
import type { Draft } from '../adapters/proof/draft.ts';
import type { AppEnv } from '../context.ts';
import { sell, type Article } from '../middleware/payment.ts';
import { problem, problemResponse } from '../middleware/problem.ts';
import { describeProofQuery, describeProofRefusal } from '../middleware/proof-problems.ts';
import { rateLimit } from '../middleware/rate-limit.ts';
import { askedBy, readAsker, type Asker } from '../middleware/wallet.ts';

const PATH = '/v1/proofs';

export const proofRoutes = new Hono<AppEnv>().get(PATH, rateLimit, async (c) => {
  const { searchParams } = new URL(c.req.url);
  const parsed = parseProofRequest(searchParams, nowMs(), c.var.config.rules.time);
  if (!parsed.ok) return problemResponse(describeProofQuery(parsed.error));
  const request = parsed.value;
  const asker = await readAsker(c);
  if (!asker.ok) return asker.error;
  if (request.isDryRun) {
    const article = await toArticle(c, request, asker.value);
    return article.ok ? c.json(article.value.facts, 200, { 'cache-control': 'no-store' }) : article.error;
  }
  const query = queryHash('GET', PATH, askedBy(canonicalProofQuery(request), asker.value));
  return sell(c, query, () => toArticle(c, request, asker.value));
});

async function toArticle(c: Context<AppEnv>, request: ProofRequest, asker: Asker): Promise<Result<Article, Response>> {
  const device = await soldDevice(c, request, asker);
  if (!device.ok) return device;
  const drafted = await draft(c, request, device.value);
  if (!drafted.ok) return drafted;
  const isOwn = device.value.owner === asker;
  const amount = isOwn ? 0n : proofPrice(drafted.value.revealed);
  const facts = quoteOf(c, request, drafted.value, amount);
  return ok({
    amount,
    description: `proof of ${facts.readings} readings of ${facts.quantity}, revealing ${facts.deviceQuantityHours} device-quantity-hours`,
    mimeType: PROOF_MEDIA_TYPE,
    facts,
    answer: async () => {
      const answer = await complete(c, request, drafted.value);
      return answer.ok && isOwn ? ok({ ...answer.value, served: [] }) : answer;
    },
  });
}

async function soldDevice(
  c: Context<AppEnv>,
  { device }: ProofRequest,
  asker: Asker,
): Promise<Result<SoldDevice, Response>> {
  const nowhere = { fromEpoch: 0, untilEpoch: 0 };
  const selection = await readSelection(c.env.DB, { kind: 'devices', devices: [device] }, nowhere, false);
  const [found] = selection.devices;
  if (found === undefined) return err(problemResponse(describeProofQuery({ reason: 'unknown-device', device })));
  if (found.status === 'quarantined' && found.owner !== asker)
    return err(problemResponse(describeProofQuery({ reason: 'device-not-sold', device })));
  return ok(found);
}

async function draft(c: Context<AppEnv>, request: ProofRequest, device: SoldDevice): Promise<Result<Draft, Response>> {
  const now = nowMs();
  try {
    const { draftProof } = await import('../adapters/proof/draft.ts');
    const drafted = await draftProof(c.env, request, device, c.var.config.rules, now);
    if (drafted.ok) return drafted;
    if (drafted.error.reason === 'proof-unavailable')
      logBroken(c, 'the stored segments do not give the committed root');
    return err(problemResponse(describeProofRefusal(drafted.error, now)));
  } catch (error) {
    logBroken(c, String(error));
    return err(problem(c, { reason: 'region-unavailable' }));
  }
}

async function complete(
  c: Context<AppEnv>,
  request: ProofRequest,
  drafted: Draft,
): Promise<Result<SoldAnswer, Response>> {
  try {
    const { completeProof } = await import('../adapters/proof/complete.ts');
    const completed = await completeProof(c.env, drafted, request, c.var.config, nowMs());
    if (completed.ok) return ok({ contentType: PROOF_MEDIA_TYPE, ...completed.value });
    const { at, found, expected } = completed.error;
    logBroken(c, `${at}: ${found} instead of ${expected}`);
    return err(problemResponse(describeProofRefusal({ reason: 'proof-unavailable' }, nowMs())));
  } catch (error) {
    logBroken(c, String(error));
    return err(problem(c, { reason: 'region-unavailable' }));
  }
}

function logBroken(c: Context<AppEnv>, message: string): void {
  logLine({ requestId: c.var.requestId, code: 'proof-unavailable', message });
}

function quoteOf(
  c: Context<AppEnv>,
  { device, quantity, fromMs, untilMs }: ProofRequest,
  { claim, batches, revealed }: Draft,
  amount: bigint,
): ProofQuote {
  const { chain } = c.var.config;
  return {
    device,
    quantity: quantity.code,
    from: rfc3339(fromMs),
    until: rfc3339(untilMs),
    readings: claim.readings.length,
    batches: batches.length,
    deviceQuantityHours: revealed.length,
    epochs: [...new Set(batches.map(({ row }) => row.epoch))].toSorted((a, b) => a - b),
    price: {
      amount: String(amount),
      usdc: formatUsdc(amount),
      asset: chain.usdc,
      network: `eip155:${chain.chainId}`,
      payTo: chain.distributor,
    },
  };
}
