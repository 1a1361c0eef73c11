/** `GET /v1/status`, `GET /v1/statistics` and `GET /v1/quantities`. */
import { Hono } from 'hono';
import { QUANTITIES } from '../../../core/reading/quantity.ts';
import { acceptedUnits } from '../../../core/reading/units.ts';
import { epochOf, rfc3339 } from '../../../core/time.ts';
import type { QuantitiesAnswer, StatisticsAnswer, StatusAnswer } from '../../../schema/api/public.ts';
import { nowMs } from '../../adapters/clock.ts';
import { readTotals } from '../../adapters/d1/public.ts';
import { readStatistics } from '../../adapters/d1/statistics.ts';
import { readMinter } from '../../adapters/minter.ts';
import type { AppEnv } from '../../context.ts';
import { CATALOGUE, perHour, tagged } from './cache.ts';

/** The CF standard names as linked data, kept by the NERC Vocabulary Server. */
const CF_NAMES = 'https://vocab.nerc.ac.uk/standard_name';

export const statusRoutes = new Hono<AppEnv>()
  .get('/v1/status', tagged, async (c) => {
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
  .get('/v1/statistics', tagged, async (c) => {
    const { hourSeconds } = c.var.config.rules.time;
    const { devices, epochs, ...totals } = await readStatistics(c.env.DB);
    const paid = epochs.filter(({ state }) => state === 'minted' || state === 'final');
    const sum = (amounts: readonly string[]): string => String(amounts.reduce((all, one) => all + BigInt(one), 0n));
    const answer: StatisticsAnswer = {
      ...totals,
      devices,
      epochs: {
        closed: epochs.length,
        final: epochs.filter(({ state }) => state === 'final').length,
        tokensPaid: sum(paid.map(({ total }) => total)),
        usdcPaid: sum(paid.map(({ usdcTotal }) => usdcTotal)),
      },
    };
    return c.json(answer, 200, { 'cache-control': perHour(hourSeconds) });
  })
  .get('/v1/quantities', tagged, (c) => {
    const answer: QuantitiesAnswer = {
      quantities: QUANTITIES.map((quantity) => ({
        code: quantity.code,
        label: quantity.label,
        unit: quantity.unit,
        ucum: quantity.ucum,
        resolution: 1 / quantity.stepsPerUnit,
        standardName: quantity.standardName,
        acceptedUnits: acceptedUnits(quantity),
        links: {
          standardName: quantity.standardName === null ? null : `${CF_NAMES}/${quantity.standardName}/`,
          latest: `/v1/latest?quantity=${quantity.code}`,
        },
      })),
    };
    return c.json(answer, 200, { 'cache-control': CATALOGUE });
  });
