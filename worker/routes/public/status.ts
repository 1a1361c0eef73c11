/** `GET /v1/status` and `GET /v1/quantities`. */
import { Hono } from 'hono';
import { QUANTITIES } from '../../../core/reading/quantity.ts';
import { acceptedUnits } from '../../../core/reading/units.ts';
import { epochOf, rfc3339 } from '../../../core/time.ts';
import type { QuantitiesAnswer, StatusAnswer } from '../../../schema/api/public.ts';
import { nowMs } from '../../adapters/clock.ts';
import { readTotals } from '../../adapters/d1/public.ts';
import { readMinter } from '../../adapters/minter.ts';
import type { AppEnv } from '../../context.ts';
import { CATALOGUE, perHour } from './cache.ts';

export const statusRoutes = new Hono<AppEnv>()
  .get('/v1/status', async (c) => {
    const { rules, ruleSetHash, chain } = c.var.config;
    const { hourSeconds, epochSeconds, publicationDelaySeconds } = rules.time;
    const [totals, minter] = await Promise.all([readTotals(c.env.DB), readMinter(c.env.MINTER, chain.chainId)]);
    const now = nowMs();
    const answer: StatusAnswer = {
      network: {
        rules: rules.name,
        ruleSetHash,
        hourSeconds,
        epochSeconds,
        publicationDelaySeconds,
        chainId: chain.chainId,
        contracts: { token: chain.token, distributor: chain.distributor, usdc: chain.usdc },
      },
      time: rfc3339(now),
      epoch: epochOf(now, rules.time),
      ...totals,
      minter,
    };
    return c.json(answer, 200, { 'cache-control': perHour(hourSeconds) });
  })
  .get('/v1/quantities', (c) => {
    const answer: QuantitiesAnswer = {
      quantities: QUANTITIES.map((quantity) => ({
        code: quantity.code,
        label: quantity.label,
        unit: quantity.unit,
        ucum: quantity.ucum,
        resolution: 1 / quantity.stepsPerUnit,
        standardName: quantity.standardName,
        acceptedUnits: acceptedUnits(quantity),
      })),
    };
    return c.json(answer, 200, { 'cache-control': CATALOGUE });
  });
