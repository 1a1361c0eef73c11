/**
 * What `npm start` promises of its fleet: within two minutes of the start an epoch has closed and paid, misbehaving
 * stations are flagged and earn less, and nothing came into the logs but by signed posts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkBatch } from '../../core/audit/check-batch.ts';
import type { EpochReport } from '../../core/reward/report.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { epochOfHour } from '../../core/time.ts';
import type { EpochAnswer, EpochsAnswer, RegionAnswer, RegionsAnswer, Station } from '../../schema/api/public.ts';
import { Folder } from '../../scripts/lib/folder.ts';
import { type Network, startNetwork } from '../../scripts/lib/network.ts';
import { type DemoDevice, registerDemo } from '../../scripts/register-demo.ts';
import { checkBatchTools } from '../../scripts/verify/tools.ts';
import { behaviourOf } from '../../sensors/simulator/behaviour.ts';
import { type FleetSummary, runFleet } from '../../sensors/simulator/fleet.ts';
import { openLedger } from '../support/ledger.ts';
import { readStoredLogs } from '../support/stored-log.ts';
import { getJson, until } from '../support/until.ts';

/** Of the four backfilled days: the first is honest, so the misbehaviour is judged by the last. */
const PAID_EPOCHS = 4;

const dir = mkdtempSync(join(tmpdir(), 'isobar-fleet-'));
let beganMs = 0;
let network: Network;
let fleet: readonly DemoDevice[];
let summary: FleetSummary;

beforeAll(async () => {
  beganMs = Date.now();
  network = await startNetwork({ folder: Folder.open(dir, false), port: 0, chainPort: 0 });
  const { api, adminToken, accounts } = network;
  const owners = accounts.owners.map(({ address }) => address);
  const devices = await registerDemo({ api, adminToken, dir, fleetSize: Number.POSITIVE_INFINITY, owners });
  fleet = devices.filter(({ spare }) => !spare);
  const { signal } = new AbortController();
  const options = { devices: fleet, rules: LOCAL_RULES, stateDir: join(dir, 'fleet'), signal, isBackfillOnly: true };
  summary = await runFleet(options, () => {});
});
afterAll(async () => {
  await network?.stop();
  rmSync(dir, { recursive: true });
});

const get = <T>(path: string): Promise<T> => getJson<T>(`${network.api}${path}`);

test('within two minutes of the start the backfilled days are closed by cron and minted to the owners', async () => {
  const { epochs } = await until('the backfilled epochs are minted', 120_000 - (Date.now() - beganMs), async () => {
    const answer = await get<EpochsAnswer>('/v1/epochs');
    // The epoch that runs may end meanwhile: then it is waited for, too.
    const owed = answer.epochs.filter(({ recipients }) => recipients > 0);
    const isPaid = owed.every(({ state }) => /minted|final/.test(state));
    return owed.length >= PAID_EPOCHS && isPaid ? { epochs: owed } : null;
  });
  const earned = new Map<string, bigint>();
  for (const { epoch, root, mintTransactions } of epochs) {
    const ledger = openLedger(network.chain.rpc, network.contracts);
    expect((await ledger.committed(epoch)).root).toBe(root);
    expect(mintTransactions.length).toBeGreaterThan(0);
    const { payouts } = await get<EpochAnswer>(`/v1/epochs/${epoch}`);
    for (const { owner, amount } of payouts) earned.set(owner, (earned.get(owner) ?? 0n) + BigInt(amount));
  }
  const ledger = openLedger(network.chain.rpc, network.contracts);
  expect(earned.size).toBe(network.accounts.owners.length);
  for (const [owner, amount] of earned) expect(await ledger.tokensOf(owner)).toBe(amount);
});

const SEEN_BY = { stuck: 'flat', spikes: 'range', copy: 'copy' } as const;

test('misbehaving stations are flagged for what they do, score less than every honest one, and are paid less', async () => {
  const { regions } = await get<RegionsAnswer>('/v1/regions');
  // Not the newest, nor the day that the region shows: one that ends while this runs is short of its last hours.
  const last = epochOfHour(summary.firstHour, LOCAL_RULES.time) + PAID_EPOCHS - 1;
  const { payouts, reportHash } = await get<EpochAnswer>(`/v1/epochs/${last}`);
  const { devices } = await get<EpochReport>(`/v1/reports/${reportHash}`);
  const scores = new Map(devices.map(({ device, scoreBps }) => [device, scoreBps]));
  const scoreOf = ({ device }: Station): number => scores.get(device) ?? Number.NaN;
  const paid = new Map(payouts.flatMap(({ shares }) => shares).map(({ device, amount }) => [device, BigInt(amount)]));
  const kinds = new Map(fleet.map(({ did, station }) => [did, behaviourOf(station).kind]));
  const found: string[] = [];
  for (const { cell } of regions) {
    const { stations, flags } = await get<RegionAnswer>(`/v1/regions/${cell}`);
    const honest = stations.filter(({ device }) => kinds.get(device) === 'honest');
    for (const station of stations) {
      const kind = kinds.get(station.device) ?? 'honest';
      // The demo's fleet runs no attack of the benchmark.
      if (kind === 'honest' || kind === 'weather' || kind === 'attack') continue;
      found.push(kind);
      const tests = new Set(flags.filter(({ device }) => device === station.device).map(({ test: code }) => code));
      expect([station.name, ...tests]).toContain(SEEN_BY[kind]);
      for (const other of honest) {
        expect(scoreOf(station)).toBeLessThan(scoreOf(other));
        if (other.tier !== station.tier) continue;
        expect(paid.get(station.device) ?? 0n).toBeLessThan(paid.get(other.device) ?? 0n);
      }
    }
  }
  expect(found.toSorted()).toEqual(['copy', 'spikes', 'stuck']);
});

test('every reading of the logs came in a batch that its device signed', async () => {
  await network.runtime.stop();
  const tools = checkBatchTools();
  const counted = { batches: 0, readings: 0 };
  for (const { cell, batches } of readStoredLogs(join(dir, 'workers'))) {
    for (const batch of batches) {
      const checked = await checkBatch(batch, batch.device, cell, tools);
      if (!checked.ok) throw new Error(JSON.stringify(checked.error));
      counted.batches += 1;
      counted.readings += checked.value;
    }
  }
  // No other than those that the fleet sent and got a receipt for.
  expect(counted).toEqual({ batches: summary.tally.accepted, readings: summary.tally.readings });
});
