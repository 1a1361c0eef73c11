/** Which sales an epoch counts, in a real D1: once, whatever comes late, is lost, or is spent before it is paid for. */
import { afterAll, beforeEach, beforeAll, expect, test } from 'vitest';
import type { Sale } from '../../core/reward/sale.ts';
import type { EpochReport } from '../../core/reward/report.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { epochStartMs } from '../../core/time.ts';
import { bulkUpsert } from '../../schema/d1/bulk-upsert.ts';
import { sales } from '../../schema/d1/sales.ts';
import { edgeStores } from '../../test/support/edge-env.ts';
import { AUCTION, sale, spending, topUp, TREASURY } from '../../test/support/sales.ts';
import { closeEpochs, type CloseParts } from './close-epoch.ts';

const EPOCH = 3_000_000;
const { time } = LOCAL_RULES;
const IN_EPOCH = epochStartMs(EPOCH, time);
const AFTER = epochStartMs(EPOCH + 1, time);
const CELL = '83390cfffffffff';

let stores: Awaited<ReturnType<typeof edgeStores>>;
let committed: { readonly epoch: number; readonly root: string; readonly reportHash: string } | null;
beforeAll(async () => {
  stores = await edgeStores();
});
afterAll(() => stores.stop());
beforeEach(async () => {
  committed = null;
  await stores.DB.exec(
    `DELETE FROM epoch; DELETE FROM payout; DELETE FROM sale; DELETE FROM usage_cut; DELETE FROM region;
     DELETE FROM device; DELETE FROM device_day;`,
  );
  const open = stores.DB.prepare(
    `INSERT INTO region (cell, name, rules, rule_set_hash, boundary, first_hour, closed_through, batches, readings, state_hash)
     VALUES (?, 'Madrid', 'local', '', '[]', ?, ?, 1, 1, '')`,
  );
  await open.bind(CELL, EPOCH * 24, EPOCH * 24 + 1000).run();
});

const deliver = async (...given: readonly Sale[]) => {
  const rows = given.map(({ served, usdc, ...row }) => ({
    ...row,
    usdc: String(usdc),
    served: served.map(({ device, units }) => [device, units] as const),
    epoch: null,
  }));
  await stores.DB.batch(bulkUpsert(stores.DB, sales, rows, { replace: [] }));
};
/** @param through the last epoch that is over */
const close = (through = EPOCH) => {
  const parts: CloseParts = {
    db: stores.DB,
    archive: stores.ARCHIVE,
    rules: LOCAL_RULES,
    order: {
      firstEpoch: EPOCH,
      lastCommitted: committed?.epoch ?? EPOCH - 1,
      finalizedSeconds: epochStartMs(through + 1, time) / 1000,
    },
    auction: async () => AUCTION,
    treasury: TREASURY,
    burned: async () => 0n,
    committed: async () => committed,
    stalledSince: async () => ({}),
  };
  return closeEpochs(parts, epochStartMs(through + 1, time) + time.graceSeconds * 1000);
};

async function reportOf(epoch: number): Promise<EpochReport> {
  const hash = await stores.DB.prepare('SELECT report_hash FROM epoch WHERE epoch = ?')
    .bind(epoch)
    .first('report_hash');
  const stored = await stores.ARCHIVE.get(`reports/${String(hash)}.json`);
  return JSON.parse((await stored?.text()) ?? '{}') as EpochReport;
}
const countedBy = async (id: string) =>
  await stores.DB.prepare('SELECT epoch FROM sale WHERE id = ?').bind(id).first('epoch');

test('an epoch counts what was sold before its end; what comes later, or too late, is left to the next one', async () => {
  const [own, later, late] = [sale(1, 1000n, [], IN_EPOCH), sale(2, 10n, [], AFTER), sale(3, 100n, [], IN_EPOCH)];
  await deliver(own, later);
  expect(await close()).toEqual({ closed: [EPOCH], alarms: [] });
  await deliver(late, own);
  expect(await close(EPOCH + 1)).toEqual({ closed: [EPOCH + 1], alarms: [] });
  expect((await reportOf(EPOCH)).usdcTotal).toBe('1000');
  expect((await reportOf(EPOCH + 1)).usdcTotal).toBe('110');
  expect(await Promise.all([own, later, late].map(({ id }) => countedBy(id)))).toEqual([EPOCH, EPOCH + 1, EPOCH + 1]);
});

test('an epoch that is computed again counts the same sales, whatever has come since', async () => {
  await deliver(sale(1, 1000n, [], IN_EPOCH));
  await close();
  const { usage } = await reportOf(EPOCH);
  await stores.DB.exec('DELETE FROM epoch; DELETE FROM payout;');
  await deliver(sale(2, 7n, [], IN_EPOCH));
  expect(await close()).toEqual({ closed: [EPOCH], alarms: [] });
  expect((await reportOf(EPOCH)).usage).toEqual(usage);
});

test('credits that were spent before their top-up came stop the close, which goes on by itself once it has come', async () => {
  await deliver(spending(1, 30n, [], IN_EPOCH + 5));
  const stopped = await close();
  expect(stopped.closed).toEqual([]);
  expect(stopped.alarms.join()).toContain('More credits were spent than paid for');
  await deliver(topUp(1, 50n, IN_EPOCH));
  expect(await close()).toEqual({ closed: [EPOCH], alarms: [] });
  expect(await reportOf(EPOCH)).toMatchObject({ usdcTotal: '30', usage: { topUps: '50', spent: '30', unspent: '20' } });
});

test('where the database is lost, the sales of a committed epoch come back with its report, and are not counted again', async () => {
  const own = sale(1, 1000n, [], IN_EPOCH);
  await deliver(own);
  await close();
  const { root } = await reportOf(EPOCH);
  const reportHash = String(await stores.DB.prepare('SELECT report_hash FROM epoch').first('report_hash'));
  committed = { epoch: EPOCH, root, reportHash };
  await stores.DB.exec('DELETE FROM epoch; DELETE FROM payout; DELETE FROM sale; DELETE FROM usage_cut;');
  await deliver(own, sale(2, 5n, [], AFTER));
  expect(await close(EPOCH + 1)).toEqual({ closed: [EPOCH, EPOCH + 1], alarms: [] });
  expect(await countedBy(own.id)).toBe(EPOCH);
  expect((await reportOf(EPOCH + 1)).usdcTotal).toBe('5');
});

test('without its usage list a committed epoch is not taken over: nobody would know which sales it has paid', async () => {
  await deliver(sale(1, 1000n, [], IN_EPOCH));
  await close();
  const { root, usage } = await reportOf(EPOCH);
  const reportHash = String(await stores.DB.prepare('SELECT report_hash FROM epoch').first('report_hash'));
  committed = { epoch: EPOCH, root, reportHash };
  await stores.DB.exec('DELETE FROM epoch; DELETE FROM payout; DELETE FROM sale; DELETE FROM usage_cut;');
  await stores.ARCHIVE.delete(`usage/${usage.hash}.json`);
  const { closed, alarms } = await close(EPOCH + 1);
  expect(closed).toEqual([]);
  expect(alarms.join()).toContain('is missing in the archive');
});

const [ALICE, BOB] = [`0x${'a'.repeat(40)}`, `0x${'b'.repeat(40)}`];
/** Keys of one device, the first first, and the days that it has under them. */
async function seedKeys(
  keys: readonly string[],
  days: readonly {
    readonly device: string;
    readonly epoch: number;
    readonly owner: string;
    readonly origin?: string;
  }[],
): Promise<void> {
  const device = stores.DB.prepare(
    `INSERT INTO device (device, predecessor, version, cell, status, owner, display_name, place, latitude_e5, longitude_e5,
       tier, density, claimed_ms) VALUES (?, ?, 1, ?, 'active', ?, '', '', 0, 0, 0, '', 0)`,
  );
  const day = stores.DB.prepare(
    `INSERT INTO device_day (device, origin, epoch, cell, owner, status, tier, density, claimed_ms, score_bps, score30_bps,
       weekly_bps, eligible, parts, series, late, late_series, latitude_e5, longitude_e5)
     VALUES (?, ?, ?, ?, ?, 'active', 0, '', 0, 0, 0, 0, 0, '{}', '[{}]', 0, '[]', 0, 0)`,
  );
  await stores.DB.batch([
    ...keys.map((key, n) => device.bind(key, keys[n - 1] ?? null, CELL, BOB)),
    ...days.map((row) => day.bind(row.device, row.origin ?? null, row.epoch, CELL, row.owner)),
  ]);
}
const soldOf = (...keys: readonly string[]) =>
  sale(
    1,
    1000n * BigInt(keys.length),
    keys.map((device) => ({ device, units: 1 })),
    IN_EPOCH,
  );

test('history that is sold under an old key after a rotation and a transfer pays the present owner', async () => {
  await seedKeys(
    ['k1', 'k2', 'k3'],
    [
      { device: 'k1', epoch: EPOCH - 2, owner: ALICE },
      { device: 'k3', epoch: EPOCH, owner: BOB, origin: 'k1' },
    ],
  );
  // The second key never had a day: only the registry knows it.
  await deliver(soldOf('k1', 'k2'));
  expect(await close()).toEqual({ closed: [EPOCH], alarms: [] });
  const { usage } = await reportOf(EPOCH);
  expect(usage).toMatchObject({ devices: [{ device: 'k3', owner: BOB, units: 2, usdc: '1600' }], treasury: '200' });
});

test('a device that has no day in the epoch pays the owner of its last day under any key', async () => {
  await seedKeys(
    ['k1', 'k2'],
    [
      { device: 'k1', epoch: EPOCH - 2, owner: ALICE },
      { device: 'k2', epoch: EPOCH - 1, owner: BOB, origin: 'k1' },
      { device: 'k2', epoch: EPOCH + 1, owner: ALICE, origin: 'k1' },
    ],
  );
  await deliver(soldOf('k1'));
  await close();
  expect((await reportOf(EPOCH)).usage.devices).toEqual([{ device: 'k1', owner: BOB, units: 1, usdc: '800' }]);
});

test('a device that changes its key on its first day pays its owner, not the treasury, and again when computed anew', async () => {
  await seedKeys(['k1', 'k2'], [{ device: 'k2', epoch: EPOCH, owner: ALICE, origin: 'k1' }]);
  await deliver(soldOf('k1'));
  await close();
  const { usage, root } = await reportOf(EPOCH);
  expect(usage).toMatchObject({ devices: [{ device: 'k2', owner: ALICE, usdc: '800' }], treasury: '100' });
  await stores.DB.exec('DELETE FROM epoch; DELETE FROM payout;');
  expect(await close()).toEqual({ closed: [EPOCH], alarms: [] });
  expect((await reportOf(EPOCH)).root).toBe(root);
});
