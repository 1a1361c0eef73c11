/**
 * The log is the truth: with every row of D1 and every checkpoint gone, one admin command and the cron give back the same
 * answers to the byte, the roots that the chain holds, and not one transaction more.
 */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { epochStartMs, rfc3339 } from '../../core/time.ts';
import type { EpochsAnswer, EvidenceAnswer, RegionsAnswer, StatusAnswer } from '../../schema/api/public.ts';
import { createAdminClient, orRefuse } from '../../scripts/admin-client.ts';
import { publicPlaceOf } from '../../scripts/place.ts';
import type { Measurement } from '../../sensors/client/senml.ts';
import { BERLIN, type FieldDevice, MADRID, packBatch, registerField, sendBatch, upkeep } from '../support/field.ts';
import { openLedger } from '../support/ledger.ts';
import type { Database } from '../../scripts/lib/migrate.ts';
import { type LocalNetwork, startLocalNetwork } from '../support/local-runtime.ts';
import { getJson, getText, until } from '../support/until.ts';

const RULES = LOCAL_RULES.time;
const HOUR_MS = RULES.hourSeconds * 1000;
const CLOSED_EPOCHS = 3;
const DERIVED = ['region', 'region_hour', 'device', 'device_day', 'anomaly_event', 'epoch', 'payout'];
/** Deeper than `finalized` lies behind `latest`. */
const FINAL_BLOCKS = '0x8';

let network: LocalNetwork;
let devices: readonly FieldDevice[];
let firstEpoch: number;

beforeAll(async () => {
  network = await startLocalNetwork();
  firstEpoch = await ledger().firstEpoch();
});
afterAll(() => network?.stop());

const ledger = () => openLedger(network.chain.rpc, network.contracts);
const get = <T>(path: string): Promise<T> => getJson<T>(`${network.api}${path}`);

/**
 * The stations' clocks, and so the closing of hours, stop shortly after the last of these epochs: until the backfill's
 * waiting time is over, nothing further closes, and what the pages say does not move.
 */
function measure(slot: number, round: number): readonly Measurement[] {
  const startMs = epochStartMs(firstEpoch, RULES);
  // One hour into the next epoch, so that this one can close.
  const hours = Array.from({ length: 24 }, (_, hour) => round * 24 + hour + 1);
  const readings = (round === 0 ? [0, ...hours] : hours).map((hour) => {
    // The second station hangs for a while.
    const hangs = slot === 1 && hour > 30 && hour < 50;
    const value = hangs ? 20 : 10 + slot + ((hour * (3 + slot)) % 11) / 2;
    return { hour, quantity: 'temp', unit: 'Cel', value, measuredMs: startMs + hour * HOUR_MS + HOUR_MS / 2 } as const;
  });
  // The first one remembers something of the day before, which is closed by then: late.
  const late = { quantity: 'rh', unit: '%RH', value: 61, measuredMs: startMs + 5 * HOUR_MS } as const;
  return [
    ...(slot === 0 && round === 1 ? [late] : []),
    // The last one is there for two hours a day, and earns nothing.
    ...readings.filter(({ hour }) => slot !== 3 || hour % 12 === 0).map(({ hour: _hour, ...reading }) => reading),
  ];
}

/** What the page is made of, and the evidence behind it: path and text of every answer. */
async function pages(): Promise<ReadonlyMap<string, string>> {
  const paths = ['/v1/regions', '/v1/epochs'];
  for (const { cell } of (await get<RegionsAnswer>('/v1/regions')).regions) {
    paths.push(`/v1/regions/${cell}`, `/v1/evidence/${cell}`);
    const { segments } = await get<EvidenceAnswer>(`/v1/evidence/${cell}`);
    paths.push(...segments.map(({ key }) => `/v1/${key}`));
  }
  for (const { epoch, reportHash } of (await get<EpochsAnswer>('/v1/epochs')).epochs) {
    paths.push(`/v1/epochs/${epoch}`, `/v1/reports/${reportHash}`);
  }
  return new Map(await Promise.all(paths.map(async (path) => [path, await getText(`${network.api}${path}`)] as const)));
}

/** Never compared as a whole: a difference is shown by the names of the pages that differ. */
function differing(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path));
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Cron until every epoch is final; blocks come with its transactions and here. */
async function untilFinal(): Promise<void> {
  await until('every epoch is final', 30_000, async () => {
    await network.runtime.cronTick();
    await network.chain.request('evm_increaseTime', [2]);
    await network.chain.request('anvil_mine', [FINAL_BLOCKS]);
    const { epochs } = await get<EpochsAnswer>('/v1/epochs');
    return epochs.length >= CLOSED_EPOCHS && epochs.every(({ state }) => state === 'final') ? epochs : null;
  });
}

async function tables(database: Database): Promise<readonly string[]> {
  const { results } = await database
    .prepare(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_cf_*' AND name <> 'd1_migrations'`,
    )
    .all<{ name: string }>();
  return results.map(({ name }) => name).filter((name) => !name.startsWith('sqlite_'));
}

/** Each table as text, whatever the order of its rows. */
async function dump(): Promise<ReadonlyMap<string, string>> {
  const database = await network.runtime.database();
  const dumped = new Map<string, string>();
  for (const table of await tables(database)) {
    const { results } = await database.prepare(`SELECT * FROM ${table}`).all();
    // When an epoch was computed is a fact about the computer; the report does not hold it.
    const rows = results.map((row) => JSON.stringify({ ...row, computed_ms: null }));
    dumped.set(table, rows.toSorted().join('\n'));
  }
  return dumped;
}

async function emptyDatabase(): Promise<void> {
  const database = await network.runtime.database();
  const names = await tables(database);
  await database.batch(names.map((name) => database.prepare(`DELETE FROM ${name}`)));
}

test('three epochs of two regions close, are minted and are final', async () => {
  const owners = network.accounts.owners.map(({ address }) => address);
  const site = { algorithm: 'ed25519', tier: 1 } as const;
  devices = await registerField(network.api, network.adminToken, [
    { ...site, ...BERLIN, name: 'Roof', owner: owners[0] ?? '' },
    { ...site, ...BERLIN, latitude: 52.55, name: 'Balcony', owner: owners[1] ?? '' },
    { ...site, ...BERLIN, latitude: 52.58, name: 'Garden', owner: owners[0] ?? '' },
    { ...site, ...MADRID, name: 'Courtyard', algorithm: 'ecdsa-p256-sha256', owner: owners[2] ?? '' },
  ]);
  for (let round = 0; round < CLOSED_EPOCHS; round++) {
    for (const [slot, device] of devices.entries()) {
      const { receipt } = await sendBatch(device, packBatch(device, round + 1, measure(slot, round)));
      expect(receipt.readings).toMatchObject({ late: slot === 0 && round === 1 ? 1 : 0, refused: [] });
    }
    const end = rfc3339(epochStartMs(firstEpoch + round + 1, RULES));
    await until('both regions have closed the epoch', 20_000, async () => {
      const { regions } = await get<RegionsAnswer>('/v1/regions');
      return regions.filter(({ closedUntil }) => closedUntil === end).length === 2 ? regions : null;
    });
  }
  await untilFinal();
});

test('with D1 emptied and the checkpoints dropped, one refold gives back the same bytes, and the chain is left alone', async () => {
  const { committer } = network.accounts;
  const [before, rows] = [await pages(), await dump()];
  const chainBefore = [
    await ledger().lastCommitted(),
    await ledger().totalSupply(),
    await ledger().transactionsOf(committer.address),
  ];
  const status = await get<StatusAnswer>('/v1/status');
  const { epochs } = await get<EpochsAnswer>('/v1/epochs');
  expect(epochs).toHaveLength(CLOSED_EPOCHS);
  expect(epochs.every(({ total }) => BigInt(total) > 0n)).toBe(true);

  // Else the comparison below would show less than it says.
  expect(DERIVED.filter((table) => (rows.get(table) ?? '') === '')).toEqual([]);

  await emptyDatabase();
  // The pages see it, so the comparison below can fail.
  expect(differing(before, await pages())).toContain('/v1/regions');

  // Half of it is back when the cron comes by: the rows follow from the committed reports, not from that half.
  await upkeep(network, publicPlaceOf(BERLIN).cell, 'refold');
  await network.runtime.cronTick();
  expect((await get<EpochsAnswer>('/v1/epochs')).epochs).toHaveLength(CLOSED_EPOCHS);

  const refolded = orRefuse(await createAdminClient(network.api, network.adminToken).refold());
  expect(refolded).toMatchObject({ failed: [] });
  await network.runtime.cronTick();
  const after = await pages();
  expect(differing(before, after)).toEqual([]);
  expect(sha256([...after].join('\n'))).toBe(sha256([...before].join('\n')));
  expect(differing(rows, await dump())).toEqual([]);
  expect(after.size).toBeGreaterThanOrEqual(2 + 2 * 2 + 2 * CLOSED_EPOCHS);
  const { regions, devices: posted, batches, readings, minter } = await get<StatusAnswer>('/v1/status');
  expect({ regions, posted, batches, readings }).toEqual({
    regions: status.regions,
    posted: status.devices,
    batches: status.batches,
    readings: status.readings,
  });
  expect(minter.alarms).toEqual([]);

  for (const { epoch, root, reportHash } of epochs) {
    expect((await ledger().committed(epoch)).root).toBe(root);
    expect(sha256(after.get(`/v1/reports/${reportHash}`) ?? '')).toBe(reportHash);
  }
  await network.runtime.cronTick();
  expect([
    await ledger().lastCommitted(),
    await ledger().totalSupply(),
    await ledger().transactionsOf(committer.address),
  ]).toEqual(chainBefore);
});

test('a device posts on under its old address, and its next batch is the region’s next entry', async () => {
  const [device] = devices;
  if (!device) throw new Error('there is a device');
  const { seq } = await upkeep(network, device.cell);
  const measuredMs = Math.floor(Date.now() / 1000) * 1000;
  const { status, receipt } = await sendBatch(
    device,
    packBatch(device, 9, [{ quantity: 'temp', unit: 'Cel', value: 12, measuredMs }]),
  );
  expect([status, receipt.receipt]).toEqual(['accepted', `${device.cell}-${seq + 1}`]);
  const again = await sendBatch(device, packBatch(device, 1, measure(0, 0)));
  expect(again.status).toBe('repeated');
});
