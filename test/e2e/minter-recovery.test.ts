/** What the epoch close and the Minter do when database or archive lost or changed what the chain was told. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { lastHourOf } from '../../core/reward/closable.ts';
import { computeEpoch } from '../../core/reward/compute-epoch.ts';
import { reportKey, type EpochReport } from '../../core/reward/report.ts';
import { NO_CARRY } from '../../core/reward/reserve.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { DistributorReader } from '../../worker/adapters/chain/distributor.ts';
import { writeEpoch } from '../../worker/adapters/d1/epochs.ts';
import { bundleCronWorker } from '../support/cron-worker.ts';
import {
  DELAY_SECONDS,
  epochLines,
  seedDays,
  seedRegion,
  startRewardNetwork,
  type RewardNetwork,
} from '../support/reward-network.ts';
import { sale, usageOf } from '../support/sales.ts';

const TIME = LOCAL_RULES.time;
const LATE_CELL = '831f89fffffffff';
const folder = mkdtempSync(join(tmpdir(), 'isobar-recovery-'));
let script: string;
let network: RewardNetwork;

beforeAll(async () => {
  script = await bundleCronWorker(folder);
});
afterEach(() => network.stop());
afterAll(() => rmSync(folder, { recursive: true }));

async function start(pastEpochs: number): Promise<RewardNetwork> {
  network = await startRewardNetwork(script, pastEpochs);
  const owners = network.accounts.owners.map(({ address }) => address);
  await seedRegion(network.worker.db, network.firstEpoch, owners);
  await seedDays(network.worker.db, network.firstEpoch, 4);
  return network;
}

/** Ticks until what was closed is final. */
async function finish(nowMs: number): Promise<void> {
  for (let round = 0; round < 4; round++) {
    await network.worker.tick(nowMs);
    await network.mine(8, DELAY_SECONDS);
  }
  await network.worker.tick(nowMs);
}

/** Everything that the close writes, but when. */
async function rows(): Promise<unknown> {
  const { db } = network.worker;
  const [epochs, payouts] = await db.batch([
    db.prepare(
      `SELECT epoch, root, total, reserved, usdc_total, recipients, devices, batch_count, report_hash, rule_set_hash,
         data_root, commit_hash FROM epoch ORDER BY epoch`,
    ),
    db.prepare('SELECT * FROM payout ORDER BY epoch, owner'),
  ]);
  return [epochs?.results, payouts?.results];
}

async function loseRows(): Promise<void> {
  const { db } = network.worker;
  await db.batch([db.prepare('DELETE FROM epoch'), db.prepare('DELETE FROM payout')]);
}

async function keyOfReport(epoch: number): Promise<string> {
  const statement = network.worker.db.prepare('SELECT report_hash FROM epoch WHERE epoch = ?').bind(epoch);
  return reportKey((await statement.first<string>('report_hash')) ?? '');
}

/** A second region that has begun, and closes nothing more. */
async function seedLateRegion(closedThrough: number): Promise<void> {
  await network.worker.db
    .prepare(
      `INSERT INTO region (cell, name, rules, rule_set_hash, boundary, first_hour, closed_through, batches, readings, state_hash)
       VALUES (?, 'Late', 'local', '', '[]', ?, ?, 1, 1, '')`,
    )
    .bind(LATE_CELL, lastHourOf(network.firstEpoch - 1, TIME) + 1, closedThrough)
    .run();
}

test('rows of an epoch that closed without a region come back from its report, though the region has closed it since', async () => {
  const { worker, wire, nowMs, firstEpoch } = await start(1);
  await seedLateRegion(lastHourOf(firstEpoch, TIME) - 1);
  await worker.tick(nowMs);
  await finish(nowMs + TIME.epochWaitSeconds * 1000);
  const key = await keyOfReport(firstEpoch);
  const report = JSON.parse((await worker.report(key)) ?? '{}') as EpochReport;
  expect(report).toMatchObject({ missing: [{ cell: LATE_CELL }] });
  const before = await rows();
  await worker.db.prepare('UPDATE region SET closed_through = ?').bind(lastHourOf(firstEpoch, TIME)).run();
  // The Minter knows the transaction; should it be lost, too, the chain is searched.
  const reader = new DistributorReader({ rpcUrl: network.chain.rpc, distributor: network.contracts.distributor });
  const found = await reader.committed(firstEpoch, null);
  expect(reportKey(found.reportHash ?? '')).toBe(key);
  await loseRows();
  wire.sent.length = 0;
  await worker.tick(nowMs);
  expect(await rows()).toEqual(before);
  expect((await worker.status()).alarms).toEqual([]);
  expect(wire.sent).toEqual([]);
  // Without its report the newer facts are all there is: they do not fit the chain, and nothing is written.
  await loseRows();
  await worker.replaceReport(key, null);
  await worker.tick(nowMs);
  expect(await rows()).toEqual([[], []]);
  expect((await worker.status()).alarms.join()).toContain(`Epoch ${firstEpoch} computes to root`);
});

test('a report that was changed between commit and mint changes no payout, and is put right before the next epoch needs it', async () => {
  const { worker, nowMs, contracts, firstEpoch } = await start(2);
  await worker.db.prepare('UPDATE region SET closed_through = ?').bind(lastHourOf(firstEpoch, TIME)).run();
  await worker.tick(nowMs);
  const [{ total } = { total: '0' }] = await epochLines(worker.db);
  const key = await keyOfReport(firstEpoch);
  const text = (await worker.report(key)) ?? '';
  const altered = text.replace(/"amount":\["\d/, '"amount":["9');
  expect(altered).not.toBe(text);
  await worker.replaceReport(key, altered);
  await network.mine(1);
  await network.mine(1, DELAY_SECONDS);
  await worker.poke();
  await network.mine(1);
  expect(await contracts.totalSupply()).toBe(BigInt(total));
  await worker.db
    .prepare('UPDATE region SET closed_through = ?')
    .bind(lastHourOf(firstEpoch + 1, TIME))
    .run();
  await finish(nowMs);
  expect(await worker.report(key)).toBe(text);
  expect(await worker.status()).toMatchObject({ alarms: [], lastFinalEpoch: firstEpoch + 1 });
  expect(await contracts.totalSupply()).toBe(BigInt(total));
});

test('with report and payout rows both changed nothing is paid, until one of them is put back', async () => {
  const { worker, nowMs, contracts, firstEpoch } = await start(1);
  await worker.tick(nowMs);
  const [{ total } = { total: '0' }] = await epochLines(worker.db);
  const key = await keyOfReport(firstEpoch);
  const text = await worker.report(key);
  await worker.replaceReport(key, null);
  await worker.db.prepare(`UPDATE payout SET amount = amount || '0'`).run();
  await network.mine(1);
  await network.mine(1, DELAY_SECONDS);
  await worker.poke();
  expect((await worker.status()).alarms.join()).toContain('do not give its root either');
  await worker.replaceReport(key, text);
  await finish(nowMs);
  expect(await contracts.totalSupply()).toBe(BigInt(total));
});

test('while the database lacks a region of the epoch before, nothing closes', async () => {
  const { worker, nowMs, firstEpoch } = await start(2);
  await seedLateRegion(lastHourOf(firstEpoch + 1, TIME));
  await worker.db.prepare('UPDATE region SET closed_through = ?').bind(lastHourOf(firstEpoch, TIME)).run();
  await worker.tick(nowMs);
  await worker.db.batch([
    worker.db.prepare('UPDATE region SET closed_through = ?').bind(lastHourOf(firstEpoch + 1, TIME)),
    worker.db.prepare('DELETE FROM region WHERE cell = ?').bind(LATE_CELL),
  ]);
  await worker.tick(nowMs);
  expect(await epochLines(worker.db)).toHaveLength(1);
  expect((await worker.status()).alarms.join()).toContain(`are not in the database (${LATE_CELL})`);
  await seedLateRegion(lastHourOf(firstEpoch + 1, TIME));
  await worker.tick(nowMs);
  expect(await epochLines(worker.db)).toHaveLength(2);
});

test('of two closes at once that saw different regions one stands, and no payout of the other is beside it', async () => {
  const { worker, firstEpoch } = await start(1);
  const result = (owners: readonly number[]) =>
    computeEpoch(
      {
        epoch: firstEpoch,
        firstEpoch,
        burned: 0n,
        days: [],
        usage: usageOf(
          owners.map((n) => sale(n, 5n, [{ device: `d${n}`, units: 1 }])),
          {
            devices: owners.map((n) => ({ device: `d${n}`, owner: `0x${String(n).repeat(40)}`, cell: LATE_CELL })),
          },
        ),
        predecessors: new Map(),
        segments: [],
        regions: [],
        missing: [],
        carry: NO_CARRY,
        late: [],
      },
      LOCAL_RULES,
    );
  const [one, other] = [result([1, 2]), result([2, 3])];
  const stands = await Promise.all(
    [one, other, one].map((it) => writeEpoch(worker.db as unknown as D1Database, it, 0)),
  );
  expect(new Set(stands).size).toBe(1);
  const winner = stands[0] === one.reportHash ? one : other;
  const { results } = await worker.db.prepare('SELECT owner FROM payout ORDER BY owner').all<{ owner: string }>();
  expect(results.map(({ owner }) => owner)).toEqual(winner.payouts.map(({ owner }) => owner));
});
