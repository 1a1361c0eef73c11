/**
 * The life of a reading, end to end on a network that runs by itself: one signed batch of each kind of key, from the
 * device over HTTP to tokens in its owner's account and to an answer that a stranger paid for.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodePaymentResponseHeader } from '@x402/fetch';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { epochOf, epochStartMs, rfc3339 } from '../../core/time.ts';
import type { TopUpAnswer } from '../../schema/api/credits.ts';
import type { ObservationsAnswer } from '../../schema/api/observations.ts';
import type { StatementAnswer } from '../../schema/api/owners.ts';
import type { EpochAnswer, RegionAnswer } from '../../schema/api/public.ts';
import { Folder } from '../../scripts/lib/folder.ts';
import { mintUsdc } from '../../scripts/lib/local-chain.ts';
import { type Network, startNetwork } from '../../scripts/lib/network.ts';
import { run } from '../../scripts/lib/run.ts';
import type { Measurement } from '../../sensors/client/senml.ts';
import { type FieldDevice, MADRID, packBatch, registerField, sendBatch } from '../support/field.ts';
import { openLedger } from '../support/ledger.ts';
import { getJson, until } from '../support/until.ts';
import { createBuyer, post } from './support/buyer.ts';

const RULES = LOCAL_RULES.time;
const HOUR_MS = RULES.hourSeconds * 1000;
/** Of the epoch's 24: one reading of this hour jumps away and back. */
const JUMP_HOUR = 12;

const dir = mkdtempSync(join(tmpdir(), 'isobar-walk-'));
let network: Network;

beforeAll(async () => {
  network = await startNetwork({ folder: Folder.open(dir, false), port: 0, chainPort: 0, cronMs: 500 });
});
afterAll(async () => {
  await network?.stop();
  rmSync(dir, { recursive: true });
});

/** A reading in the middle of each hour of the epoch, no two alike, and one of now. */
function measure(epoch: number, hasJump: boolean): readonly Measurement[] {
  const startMs = epochStartMs(epoch, RULES);
  const past = Array.from({ length: 24 }, (_, hour) => ({
    value: hasJump && hour === JUMP_HOUR ? 48.5 : 14 + (hour % 7) + hour / 100,
    measuredMs: startMs + hour * HOUR_MS + HOUR_MS / 2,
  }));
  const now = { value: 15.25, measuredMs: Math.floor(Date.now() / 1000) * 1000 };
  return [...past, now].map((reading) => ({ quantity: 'temp', unit: 'Cel', ...reading }));
}

/** From the published rule, by hand: 40 % of E0 over at least 500 full weights, for this score and tier at the first slot. */
function payOf(scoreBps: number, tierBps: number): bigint {
  const emission = (100_000_000n * 10n ** 18n * 15n) / 100n / 365n;
  const pot = (emission * 4n) / 10n;
  const ramp = Math.floor(((scoreBps - 6_000) * 10_000) / 4_000);
  return (pot * BigInt(ramp) * BigInt(tierBps) * 10_000n) / (500n * 10n ** 12n);
}

test('a signed batch becomes a receipt, a verdict, tokens in the owner’s account and a paid answer, and all agree', async () => {
  const [careless, careful] = network.accounts.owners;
  if (!careless || !careful) throw new Error('the network has owners');
  const [flagged, clean] = await registerField(network.api, network.adminToken, [
    { ...MADRID, name: 'Roof', algorithm: 'ed25519', owner: careless.address, tier: 0 },
    { ...MADRID, latitude: 40.48, name: 'Yard', algorithm: 'ecdsa-p256-sha256', owner: careful.address, tier: 1 },
  ]);
  if (!flagged || !clean) throw new Error('two devices were registered');
  const epoch = epochOf(Date.now(), RULES) - 2;
  const readings = measure(epoch, true);
  const jump = readings[JUMP_HOUR];

  const first = await sendBatch(flagged, packBatch(flagged, 1, readings));
  expect(first.status).toBe('accepted');
  expect(first.receipt).toMatchObject({
    device: flagged.key.did,
    region: flagged.cell,
    readings: { accepted: 25, duplicate: 0, late: 0, refused: [] },
    flags: [{ quantity: 'temp', time: rfc3339(jump?.measuredMs ?? 0), test: 'step', flag: 3 }],
  });
  const second = await sendBatch(clean, packBatch(clean, 1, measure(epoch, false)));
  expect(second.receipt).toMatchObject({ readings: { accepted: 25, late: 0 }, flags: [] });

  // From here on nobody does anything: the region closes its hours, cron the epoch, the Minter commits, waits and mints.
  const paid = await until('the epoch is minted', 90_000, async () => {
    const response = await fetch(`${network.api}/v1/epochs/${epoch}`);
    const answer = response.ok ? await response.json<EpochAnswer>() : null;
    return answer?.state === 'minted' || answer?.state === 'final' ? answer : null;
  });
  const region = await getJson<RegionAnswer>(`${network.api}/v1/regions/${flagged.cell}`);
  const flags = region.flags.filter(({ device }) => device === flagged.key.did);
  expect(flags).toMatchObject([{ quantity: 'temp', test: 'step', flag: 3, start: hourOfJump(epoch) }]);
  // The region itself shows its last closed epoch, and that may be the next one by now.
  // Nobody stands near to confirm either: a fifth of the score.
  expect(await expectPaid(paid, clean, 6_000)).toBe(8000);
  expect(await expectPaid(paid, flagged, 2_500)).toBeLessThan(8000);

  await expectStatement(epoch, flagged, careless.privateKey);

  await expectSold(epoch, flagged, readings.slice(0, 24));
});

const hourOfJump = (epoch: number): string => rfc3339(epochStartMs(epoch, RULES) + JUMP_HOUR * HOUR_MS);

/** Score, payout, committed root, transaction and balance of one device tell the same. Its score, in basis points. */
async function expectPaid(epoch: EpochAnswer, device: FieldDevice, tierBps: number): Promise<number> {
  const ledger = openLedger(network.chain.rpc, network.contracts);
  const owner = device.record.owner.toLowerCase();
  const payout = epoch.payouts.find((candidate) => candidate.owner === owner);
  const scoreBps = payout?.shares[0]?.scoreBps ?? 0;
  const amount = payOf(scoreBps, tierBps);
  expect(payout).toMatchObject({
    amount: String(amount),
    shares: [{ device: device.key.did, scoreBps, amount: String(amount) }],
  });
  expect((await ledger.committed(epoch.epoch)).root).toBe(epoch.root);
  expect(epoch.mintTransactions).toHaveLength(1);
  const minted = await ledger.minted(epoch.mintTransactions[0] ?? '');
  expect(minted.status).toBe('success');
  expect(minted.to.get(owner)).toBe(amount);
  expect(amount).toBeGreaterThan(0n);
  expect(await ledger.tokensOf(owner)).toBe(amount);
  return scoreBps;
}

/** With the owner's key, the command explains what the chain has paid, to the last unit, the jump by its name. */
async function expectStatement(epoch: number, { key, record }: FieldDevice, privateKey: string): Promise<void> {
  const keyFile = join(dir, 'owner.key');
  writeFileSync(keyFile, `${privateKey}\n`);
  const ask = (...more: readonly string[]) => {
    const options = ['--api', network.api, '--key-file', keyFile, '--epoch', String(epoch), ...more];
    return run(['node', 'scripts/owner.ts', 'statement', ...options]);
  };
  const { exitCode, output } = await ask('--json');
  expect(exitCode).toBe(0);
  const statement = JSON.parse(output) as StatementAnswer;
  const paid = await openLedger(network.chain.rpc, network.contracts).tokensOf(record.owner);
  expect(BigInt(statement.amount)).toBe(paid);
  expect(BigInt(statement.base) + BigInt(statement.demand)).toBe(paid);
  const [device, ...others] = statement.devices;
  expect(others).toEqual([]);
  expect(device).toMatchObject({ device: key.did, earned: String(paid), rank: 1, slotBps: 10_000 });
  const costs = device?.costs ?? [];
  expect(costs.map(({ cause }) => cause)).toEqual(expect.arrayContaining(['step', 'unverified', 'tier']));
  expect(costs.reduce((sum, { amount }) => sum + BigInt(amount), paid)).toBe(BigInt(device?.full ?? 0));
  expect((await ask()).output).toMatch(/^ {2}- step: \d+\.\d\d % of the score +-\d+\.\d{18}$/m);
  const [, other] = network.accounts.owners;
  expect(await ask('--address', other?.address ?? '')).toMatchObject({
    exitCode: 1,
    output: expect.stringContaining('not-the-owner'),
  });
}

/** The stock client buys the day: every hour holds its reading, the jump with the flag of the receipt. */
async function expectSold(epoch: number, { key }: FieldDevice, readings: readonly Measurement[]) {
  const { chain, accounts, contracts } = network;
  const ledger = openLedger(chain.rpc, contracts);
  const buyer = createBuyer(contracts.usdc);
  await mintUsdc(chain, accounts, contracts, buyer.account.address, 2_000_000n);
  const startMs = epochStartMs(epoch, RULES);
  const span = { from: rfc3339(startMs), until: rfc3339(startMs + 24 * HOUR_MS) };
  const query = new URLSearchParams({ device: key.did, quantity: 'temp', ...span });
  const response = await buyer.fetch(`${network.api}/v1/observations?${query.toString()}`);
  expect(response.status).toBe(200);
  const { observations } = await response.json<ObservationsAnswer>();
  expect(observations.map(({ start, value }) => `${start} ${value}`)).toEqual(
    readings.map(({ value }, hour) => `${rfc3339(startMs + hour * HOUR_MS)} ${value}`),
  );
  const marked = observations.filter(({ flag }) => flag !== 1);
  expect(marked).toMatchObject([{ start: hourOfJump(epoch), value: 48.5, flag: 3, tests: ['step'], final: true }]);

  const receipt = decodePaymentResponseHeader(response.headers.get('PAYMENT-RESPONSE') ?? '');
  expect(receipt).toMatchObject({ success: true, network: 'eip155:10', amount: '10000' });
  expect(await ledger.usdcOf(buyer.account.address)).toBe(1_990_000n);
  expect(await ledger.usdcOf(contracts.distributor)).toBe(10_000n);

  // The same day for credits: edge, Settler and account across two Workers.
  const order = post({ amount: '1', key: { name: 'walk' } });
  const topUp = await buyer.fetch(`${network.api}/v1/credits/top-ups`, order);
  expect(topUp.status).toBe(200);
  const { key: apiKey } = await topUp.json<TopUpAnswer>();
  const headers = { authorization: `Bearer ${apiKey?.secret ?? ''}`, 'idempotency-key': 'walk' };
  const again = await fetch(`${network.api}/v1/observations?${query.toString()}`, { headers });
  expect(again.status).toBe(200);
  expect((await again.json<ObservationsAnswer>()).observations).toEqual(observations);
  expect(await ledger.usdcOf(contracts.distributor)).toBe(1_010_000n);
}
