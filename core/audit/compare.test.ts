import { expect, test } from 'vitest';
import { computeEpoch, type EpochInputs } from '../reward/compute-epoch.ts';
import { encodeReport, hashReport, type EpochReport } from '../reward/report.ts';
import { NO_CARRY } from '../reward/reserve.ts';
import type { DeviceDay } from '../reward/weight.ts';
import { LOCAL_RULES } from '../rules/local.ts';
import { comparePage, compareReport, type EpochPage } from './compare.ts';
import { compareCommit, compareMints, type CommitFacts, type MintFacts } from './compare-payments.ts';
import { NO_USAGE } from '../reward/usage.ts';

const CELL = '831f8dfffffffff';
const owner = (n: number): string => `0x${(n + 1).toString(16).padStart(40, '0')}`;
const device = (n: number): string => `did:key:z6Mk${1000 + n}`;
const day = (n: number): DeviceDay => ({
  device: device(n),
  cell: CELL,
  owner: owner(n),
  status: 'active',
  tier: 1,
  density: `density-${n}`,
  claimedMs: n,
  scoreBps: 9000,
  score30Bps: 9000,
  eligible: true,
});
const inputs: EpochInputs = {
  epoch: 41,
  firstEpoch: 40,
  burned: 0n,
  days: [day(0), day(1), day(2)],
  usage: NO_USAGE,
  predecessors: new Map(),
  segments: [{ cell: CELL, fromSeq: 1, toSeq: 9, root: 'aa' }],
  regions: [{ cell: CELL }],
  missing: [],
  carry: NO_CARRY,
  late: [],
};
const result = computeEpoch(inputs, LOCAL_RULES);
const report = JSON.parse(result.reportText) as EpochReport;
const published = (change: Partial<EpochReport>) => {
  const text = encodeReport({ ...report, ...change });
  return compareReport(text, hashReport(text), result);
};

test('the published report stands if it is the same bytes', () => {
  expect(compareReport(result.reportText, result.reportHash, result)).toEqual({ ok: true, value: undefined });
});

test('an altered score is found with its device, and before the amounts that follow from it', () => {
  const better = computeEpoch(
    {
      ...inputs,
      days: [day(0), { ...day(1), scoreBps: 9800 }, day(2)],
    },
    LOCAL_RULES,
  ).report;
  expect(published({ ...better, segments: report.segments, dataRoot: report.dataRoot })).toEqual({
    ok: false,
    error: {
      reason: 'report',
      at: { device: device(1), field: 'devices.scoreBps' },
      published: '9800',
      recomputed: '9000',
    },
  });
});

test('a swapped payee is found with its batch and place', () => {
  const batches = report.batches.map((batch) => ({
    ...batch,
    to: batch.to.map((to) => (to === owner(1) ? owner(7) : to)),
  }));
  expect(published({ batches })).toMatchObject({
    error: { at: { field: 'batches[0].to[1]' }, published: owner(7), recomputed: owner(1) },
  });
});

test('a device that was left out or put in is found by name', () => {
  expect(published({ devices: report.devices.slice(1) })).toMatchObject({
    error: { at: { device: device(0), field: 'devices' }, published: 'nothing' },
  });
  const [first] = report.devices;
  if (first === undefined) throw new Error('no device');
  const extra = { ...first, device: device(9) };
  expect(published({ devices: [...report.devices, extra] })).toMatchObject({
    error: { at: { device: device(9), field: 'devices' }, recomputed: 'nothing' },
  });
  expect(published({ devices: [...report.devices, first] })).toMatchObject({
    error: { at: { field: 'devices' }, published: '4' },
  });
});

test('other evidence, fields beyond the report, and other bytes for the same values are found', () => {
  expect(published({ dataRoot: 'bb' })).toMatchObject({ error: { at: { field: 'dataRoot' } } });
  expect(published({ bonus: '1' } as Partial<EpochReport>)).toMatchObject({
    error: { at: { field: 'bonus' }, recomputed: 'nothing' },
  });
  const spaced = JSON.stringify(report, null, 1);
  expect(compareReport(spaced, hashReport(spaced), result)).toMatchObject({
    error: { published: 'the same values in other bytes' },
  });
  expect(compareReport('[]', hashReport('[]'), result)).toMatchObject({ error: { reason: 'report' } });
  expect(compareReport(result.reportText, 'f'.repeat(64), result)).toMatchObject({ error: { reason: 'report-hash' } });
});

const page: EpochPage = {
  epoch: 41,
  root: result.root,
  dataRoot: result.dataRoot,
  total: String(result.total),
  reserved: '0',
  usdcTotal: '0',
  sales: 0,
  usageHash: result.usageHash,
  recipients: 3,
  devices: 3,
  payouts: result.payouts.map((payout) => ({
    owner: payout.owner,
    amount: String(payout.amount),
    usdc: '0',
    shares: payout.shares.map((share) => ({
      device: share.device,
      scoreBps: share.scoreBps,
      amount: String(share.amount),
    })),
  })),
};

test("the epoch's page is held against the same result, and a swapped payee in it is named", () => {
  expect(comparePage(page, result).ok).toBe(true);
  const [first, ...rest] = page.payouts;
  if (first === undefined) throw new Error('no payout');
  expect(comparePage({ ...page, payouts: [{ ...first, owner: owner(7) }, ...rest] }, result)).toMatchObject({
    error: { reason: 'page', at: { owner: owner(0), field: 'payouts' }, published: 'nothing' },
  });
  expect(comparePage({ ...page, payouts: [{ ...first, amount: '1' }, ...rest] }, result)).toMatchObject({
    error: { at: { owner: owner(0), field: 'payouts.amount' }, published: '1' },
  });
});

const commit: CommitFacts = {
  root: result.root,
  total: String(result.total),
  reserved: '0',
  usdcTotal: '0',
  batchCount: 1,
  reportHash: `0x${result.reportHash}`,
  ruleSetHash: `0x${result.ruleSetHash}`,
  dataRoot: `0x${result.dataRoot}`,
};
const mint: MintFacts = {
  transaction: '0x02',
  index: 0,
  transfers: result.payouts.map((payout) => ({ to: payout.owner, amount: String(payout.amount) })),
  usdc: '0',
};

test('a commit with another root or report is found with its transaction', () => {
  expect(compareCommit(commit, '0x01', result).ok).toBe(true);
  expect(compareCommit({ ...commit, root: `0x${'0'.repeat(64)}` }, '0x01', result)).toMatchObject({
    error: { reason: 'commit', at: { transaction: '0x01', field: 'root' }, recomputed: result.root },
  });
  expect(compareCommit({ ...commit, reportHash: '0x00' }, '0x01', result)).toMatchObject({
    error: { at: { field: 'reportHash' } },
  });
});

test('a payment to another owner, of another amount, twice or too many is found', () => {
  const [first, ...rest] = mint.transfers;
  if (first === undefined) throw new Error('no transfer');
  const paid = (...mints: readonly MintFacts[]) => compareMints(mints, result);
  expect(paid(mint).ok).toBe(true);
  expect(paid().ok).toBe(true);
  expect(paid({ ...mint, transfers: [{ ...first, to: owner(7) }, ...rest] })).toMatchObject({
    error: {
      reason: 'mint',
      at: { transaction: '0x02', owner: owner(0) },
      published: `${first.amount} to ${owner(7)}`,
    },
  });
  expect(paid({ ...mint, transfers: [{ ...first, amount: '1' }, ...rest] })).toMatchObject({
    error: { at: { owner: owner(0) } },
  });
  expect(paid({ ...mint, transfers: rest })).toMatchObject({ error: { reason: 'mint' } });
  expect(paid({ ...mint, transfers: [...mint.transfers, first] })).toMatchObject({ error: { recomputed: 'nothing' } });
  expect(paid({ ...mint, usdc: '5' })).toMatchObject({ error: { at: { field: 'usdc' } } });
  expect(paid(mint, mint)).toMatchObject({ error: { recomputed: 'paid before' } });
  expect(paid({ ...mint, index: 1 })).toMatchObject({ error: { at: { field: 'batch 1' }, recomputed: 'nothing' } });
});
