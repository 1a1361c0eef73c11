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
    `DELETE FROM epoch; DELETE FROM payout; DELETE FROM sale; DELETE FROM usage_cut; DELETE FROM region;`,
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
