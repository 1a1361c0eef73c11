/**
 * `GET /v1/epochs`, `GET /v1/epochs/{epoch}`, `GET /v1/reports/{hash}` and `GET /v1/usage/{epoch}`: what was earned, and on
 * what it rests.
 */
import { Hono } from 'hono';
import { epochsAfter, parseEpochsRequest } from '../../../core/query/epochs.ts';
import { parseEpochNumber } from '../../../core/ids.ts';
import type { TimeRules } from '../../../core/rules/rule-set.ts';
import { epochStartMs, rfc3339 } from '../../../core/time.ts';
import type { EpochAnswer, EpochItem, EpochsAnswer, PayoutItem } from '../../../schema/api/public.ts';
import { encodeUsage, NO_USAGE, usageKey } from '../../../core/reward/usage.ts';
import {
  readEpoch,
  readEpochRow,
  readEpochs,
  type EpochDetail,
  type EpochRow,
  type PayoutRow,
} from '../../adapters/d1/public.ts';
import type { AppEnv } from '../../context.ts';
import { problem, problemResponse } from '../../middleware/problem.ts';
import { describeQueryRefusal } from '../../middleware/query-problems.ts';
import { IMMUTABLE, perHour, tagged } from './cache.ts';

export const epochRoutes = new Hono<AppEnv>()
  .get('/v1/epochs', tagged, async (c) => {
    const { rules, ingestTagKey } = c.var.config;
    const parsed = parseEpochsRequest(new URL(c.req.url).searchParams, ingestTagKey);
    if (!parsed.ok) return problemResponse(describeQueryRefusal(parsed.error));
    const { limit, before } = parsed.value;
    const rows = await readEpochs(c.env.DB, limit + 1, before);
    const shown = rows.slice(0, limit);
    const last = rows.length > limit ? shown.at(-1)?.epoch : undefined;
    const next = last === undefined ? null : epochsAfter(c.req.url, ingestTagKey, last);
    const answer: EpochsAnswer = { epochs: shown.map((row) => toItem(row, rules.time)), next };
    if (next !== null) c.header('link', `<${next}>; rel="next"`);
    return c.json(answer, 200, { 'cache-control': perHour(rules.time.hourSeconds) });
  })
  .get('/v1/epochs/:epoch', tagged, async (c) => {
    const rules = c.var.config.rules.time;
    const epoch = parseEpochNumber(c.req.param('epoch'));
    if (!epoch.ok) return problem(c, epoch.error);
    const detail = await readEpoch(c.env.DB, epoch.value);
    if (detail === null) return problem(c, { reason: 'no-such', kind: 'epoch', given: String(epoch.value) });
    const answer: EpochAnswer = {
      ...toItem(detail.epoch, rules),
      payouts: detail.payouts.map((payout) => toPayout(payout, detail.names)),
    };
    return c.json(answer, 200, { 'cache-control': perHour(rules.hourSeconds) });
  })
  .get('/v1/reports/:hash', tagged, async (c) => {
    const hash = c.req.param('hash');
    const object = /^[0-9a-f]{64}$/.test(hash) ? await c.env.ARCHIVE.get(`reports/${hash}.json`) : null;
    if (object === null) return problem(c, { reason: 'no-such', kind: 'report', given: hash });
    return c.body(object.body, 200, { 'content-type': 'application/json', 'cache-control': IMMUTABLE });
  })
  .get('/v1/usage/:epoch', async (c) => {
    const epoch = parseEpochNumber(c.req.param('epoch'));
    if (!epoch.ok) return problem(c, epoch.error);
    const row = await readEpochRow(c.env.DB, epoch.value);
    if (row === null) return problem(c, { reason: 'no-such', kind: 'epoch', given: String(epoch.value) });
    const object = await c.env.ARCHIVE.get(usageKey(row.usageHash));
    const headers = {
      'content-type': 'application/json',
      'cache-control': perHour(c.var.config.rules.time.hourSeconds),
    };
    // Where nothing was sold none is stored: it follows from the number.
    return c.body(object?.body ?? encodeUsage(epoch.value, NO_USAGE), 200, headers);
  });

function toItem(row: EpochRow, rules: TimeRules): EpochItem {
  const {
    epoch,
    state,
    total,
    reserved,
    usdcTotal,
    sales,
    usageHash,
    recipients,
    devices,
    root,
    reportHash,
    dataRoot,
  } = row;
  return {
    epoch,
    start: rfc3339(epochStartMs(epoch, rules)),
    end: rfc3339(epochStartMs(epoch + 1, rules)),
    state,
    total,
    reserved,
    usdcTotal,
    sales,
    usageHash,
    recipients,
    devices,
    root,
    reportHash,
    dataRoot,
    commitTransaction: row.commitHash,
    mintTransactions: row.mintHashes,
  };
}

function toPayout({ owner, amount, usdc, shares }: PayoutRow, names: EpochDetail['names']): PayoutItem {
  return {
    owner,
    amount,
    usdc,
    shares: shares.map(([device, scoreBps, weightBps, share]) => ({
      device,
      name: names.get(device) ?? device,
      scoreBps,
      weightBps,
      amount: share,
    })),
  };
}
