/** `npm run verify:epoch` against a whole network that a fleet has backfilled: match, and each lie by its place. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { OwnerAddress } from '../../core/ids.ts';
import type { Act } from '../../core/lifecycle/act.ts';
import type { SignedAct } from '../../core/lifecycle/signed-act.ts';
import type { ActDomain } from '../../core/lifecycle/typed-data.ts';
import { packReadings, unpackReadings } from '../../core/reading/pack.ts';
import type { MembershipBody } from '../../core/region/entry.ts';
import { openSegment, sealSegment } from '../../core/region/segment.ts';
import { encodeReport, hashReport, type EpochReport } from '../../core/reward/report.ts';
import type { Sale } from '../../core/reward/sale.ts';
import { encodeUsage, NO_USAGE, type UsageFacts } from '../../core/reward/usage.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import type { EpochAnswer, EvidenceAnswer } from '../../schema/api/public.ts';
import { hourOf, hourStartMs } from '../../core/time.ts';
import type { RegistryAnswer } from '../../schema/api/registry.ts';
import { LOCAL_CHAIN_ID } from '../../scripts/lib/chain.ts';
import { readEpochs } from '../../scripts/lib/epoch-news.ts';
import { ROOT } from '../../scripts/lib/files.ts';
import { Folder } from '../../scripts/lib/folder.ts';
import { startNetwork, type Network } from '../../scripts/lib/network.ts';
import { registerDemo } from '../../scripts/register-demo.ts';
import type { Measurement } from '../../sensors/client/senml.ts';
import { runFleet } from '../../sensors/simulator/fleet.ts';
import { backfillStart } from '../../sensors/simulator/schedule.ts';
import { packBatch, sendBatch } from '../support/field.ts';
import { downloadFirstSegments, forgedEvidence, type Originals } from '../support/forged-evidence.ts';
import { claimOf, makeAct, newKey, newOwner, positionAt, type Send, sendAct, signAct } from '../support/lifecycle.ts';
import { startLyingApi, type LyingApi } from '../support/lying-api.ts';
import { sale, spending, usageOf } from '../support/sales.ts';

const dir = mkdtempSync(join(tmpdir(), 'isobar-verify-'));
let folder: Folder;
let network: Network;
let liar: LyingApi;
let epoch: number;
let originals: Originals;
/** Claimed, sold and given a new key by signed acts. */
let traveller: { readonly device: string; readonly successor: string };
const somebody = `0x${'ab'.repeat(20)}` as OwnerAddress;

/** Backfilled days close within seconds of the last batch; then come commit, delay, mint and finality. */
const FINAL_WITHIN_MS = 50_000;
const LOOK_EVERY_MS = 500;

beforeAll(async () => {
  folder = Folder.open(dir, false);
  network = await startNetwork({ folder, port: 0, chainPort: 0 });
  const { api, adminToken } = network;
  const owners = network.accounts.owners.map(({ address }) => address);
  const registered = await registerDemo({ api, adminToken, dir, fleetSize: 6, owners });
  const devices = registered.filter(({ spare }) => !spare);
  traveller = await travel();
  const signal = AbortSignal.timeout(FINAL_WITHIN_MS);
  await runFleet({ devices, rules: LOCAL_RULES, stateDir: join(dir, 'fleet'), signal, isBackfillOnly: true }, () => {});
  epoch = await finalEpoch(Date.now() + FINAL_WITHIN_MS);
  liar = await startLyingApi(api);
  originals = await downloadFirstSegments(api);
});
beforeEach(() => {
  liar.lie = () => null;
});
afterAll(async () => {
  await liar?.close();
  await network?.stop();
  folder?.unlock();
  rmSync(dir, { recursive: true });
});

/** Its first hours by the old key, the others by the new one; before the fleet, so that no hour is closed without it. */
async function travel(): Promise<typeof traveller> {
  const { api, contracts } = network;
  const domain: ActDomain = { chainId: LOCAL_CHAIN_ID, contract: contracts.distributor };
  const [key, successor, owner, buyer] = [await newKey(), await newKey('ecdsa-p256-sha256'), newOwner(), newOwner()];
  const position = positionAt(40.48, -3.6);
  const taken = async (act: Act, how: Send): Promise<RegistryAnswer> => {
    const response = await sendAct(api, act, how);
    expect([act.kind, response.status]).toEqual([act.kind, 201]);
    return response.json<RegistryAnswer>();
  };
  const claim = claimOf(key, owner, position);
  const { ingestUrl } = await taken(claim, {
    members: { ownerSignature: await signAct(owner, claim, domain) },
    devices: [key],
    headers: { 'isobar-position': JSON.stringify(position) },
  });
  const nowMs = Date.now();
  const from = backfillStart(nowMs, LOCAL_RULES.time);
  const hours = Array.from({ length: hourOf(nowMs, LOCAL_RULES.time) - from }, (_, at) => from + at);
  const measured = (some: readonly number[]) =>
    some.map((hour): Measurement => {
      const measuredMs = hourStartMs(hour, LOCAL_RULES.time) + 5_000;
      return { quantity: 'temp', unit: 'Cel', value: 14 + ((hour * 7) % 24) / 4, measuredMs };
    });
  await sendBatch({ key, ingestUrl }, packBatch({ key }, 1, measured(hours.slice(0, 12))));
  const sale = makeAct('transfer', { device: key.did, from: owner.address, to: buyer.address });
  const ownerSignature = await signAct(owner, sale, domain);
  await taken(sale, { members: { ownerSignature, newOwnerSignature: await signAct(buyer, sale, domain) } });
  const heir = await taken(makeAct('rotate', { device: key.did, successor: successor.did }), {
    devices: [successor, key],
  });
  const later = { key: successor, ingestUrl: heir.ingestUrl };
  await sendBatch(later, packBatch(later, 1, measured(hours.slice(12))));
  return { device: key.did, successor: successor.did };
}

/** The newest final epoch that pays somebody. */
async function finalEpoch(deadlineMs: number): Promise<number> {
  for (;;) {
    const epochs = await readEpochs(network.api);
    const paid = epochs.filter(({ state, recipients }) => state === 'final' && recipients > 0);
    if (paid.length > 0) return Math.max(...paid.map((item) => item.epoch));
    if (Date.now() > deadlineMs) throw new Error(`no epoch became final: ${JSON.stringify(epochs)}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

async function verify(...args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(process.execPath, ['scripts/verify-epoch.ts', ...args], { cwd: ROOT });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (output += part.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}
const verifyLie = () => verify('--api', liar.url, '--rpc', network.chain.rpc, '--epoch', String(epoch));

test('an honest epoch is a match, also through somebody who passes everything on', async () => {
  const { code, output } = await verify('--api', network.api, '--rpc', network.chain.rpc);
  expect(output).toMatch(/^match: epoch \d+ pays [1-9]\d* base units/m);
  expect(output).toMatch(/signatures .* [1-9]\d* batches of \d+ devices, [1-9]\d* readings/);
  expect(output).toMatch(
    /acts .* 4 memberships and changes of key signed by owner or device, 8 on the operator's word/,
  );
  expect(output).toMatch(/payments .* 1 of 1 batches paid, [1-9] transfers/);
  expect(code).toBe(0);
  expect(await verifyLie()).toMatchObject({ code: 0 });
});

/** Whatever the network computed: reports, pages of epochs, scores and cells of regions, observations. */
const COMPUTED = /^\/v1\/(reports|epochs|regions|observations|owners)(\/|$)/;
const rootIn = (output: string) => /root (0x[0-9a-f]{64})$/m.exec(output)?.[1];

test.each([404, 410])(
  'with reports, scores and cells withheld (%i) evidence and chain give the same root',
  async (status) => {
    const asked: string[] = [];
    liar.lie = (path) => {
      asked.push(path);
      return COMPUTED.test(path) ? status : null;
    };
    const { code, output } = await verifyLie();
    expect(output).toContain('report withheld, page withheld: not needed');
    expect(code).toBe(0);
    expect(asked.some((path) => COMPUTED.test(path))).toBe(true);
    const honest = await verify('--api', network.api, '--rpc', network.chain.rpc, '--epoch', String(epoch));
    expect(rootIn(output)).toBe(rootIn(honest.output));
    expect(rootIn(output)).toMatch(/^0x/);
  },
);

test('with everything withheld the latest paid epoch is found on the chain', async () => {
  liar.lie = (path) => (COMPUTED.test(path) ? 404 : null);
  const { code, output } = await verify('--api', liar.url, '--rpc', network.chain.rpc);
  expect(output).toMatch(/^match: epoch \d+ pays [1-9]\d* base units/m);
  expect(code).toBe(0);
});

test('another rule set is found', async () => {
  liar.lie = (path, body) =>
    path === '/v1/status' ? body.toString().replace(/("ruleSetHash":")[0-9a-f]{4}/, '$10000') : null;
  const { code, output } = await verifyLie();
  expect(output).toContain('where       ruleSetHash\n  published   0000');
  expect(code).toBe(1);
});

test('a score that was altered in the report is found with its device, though report and page agree', async () => {
  const page = await (await fetch(`${network.api}/v1/epochs/${epoch}`)).json<EpochAnswer>();
  const report = await (await fetch(`${network.api}/v1/reports/${page.reportHash}`)).json<EpochReport>();
  const [first, ...rest] = report.devices;
  if (first === undefined) throw new Error('nobody has a score');
  const altered = encodeReport({ ...report, devices: [{ ...first, scoreBps: first.scoreBps - 1 }, ...rest] });
  const reportHash = hashReport(altered);
  liar.lie = (path) => {
    if (path === `/v1/epochs/${epoch}`) return JSON.stringify({ ...page, reportHash });
    return path === `/v1/reports/${reportHash}` ? altered : null;
  };
  const { code, output } = await verifyLie();
  expect(output).toContain(`where       device ${first.device}, devices.scoreBps`);
  expect(output).toContain(`published   ${first.scoreBps - 1}\n  recomputed  ${first.scoreBps}\n`);
  expect(code).toBe(1);
});

test('a payee that was swapped on the page is found', async () => {
  const [own, other] = ['0x' + 'ab'.repeat(20), network.accounts.owners[0]?.address.toLowerCase() ?? ''];
  liar.lie = (path, body) => (path === `/v1/epochs/${epoch}` ? body.toString().replaceAll(other, own) : null);
  const { code, output } = await verifyLie();
  expect(output).toContain(`where       owner ${other}, payouts`);
  expect(code).toBe(1);
});

test('a reading that was altered in the evidence is found, though the segment was sealed anew', async () => {
  const forged = forgedEvidence(originals, (entry) => {
    if (entry.kind !== 'batch') return null;
    const { seq: _seq, receivedMs: _receivedMs, ...body } = entry;
    const readings = unpackReadings(body.readings);
    const last = readings.ok ? readings.value.pop() : undefined;
    if (!readings.ok || last === undefined) throw new Error('a batch has readings');
    return { ...body, readings: packReadings([...readings.value, { ...last, steps: last.steps + 1 }]) };
  });
  liar.lie = forged.lie;
  const { code, output } = await verifyLie();
  expect(forged.place).not.toBe('');
  expect(output).toContain('The logged readings are not the signed ones.');
  expect(output).toContain(`${forged.place}, device did:key:`);
  expect(code).toBe(1);
});

test('a device that changed hands and key in the middle of a day is paid for it under its new key', async () => {
  const page = await (await fetch(`${network.api}/v1/epochs/${epoch}`)).json<EpochAnswer>();
  const { devices } = await (await fetch(`${network.api}/v1/reports/${page.reportHash}`)).json<EpochReport>();
  expect(devices.filter((one) => Object.values(traveller).includes(one.device))).toMatchObject([
    { device: traveller.successor },
  ]);
});

type Forgery = (entry: MembershipBody, act: SignedAct) => MembershipBody;
test.each<[string, Forgery, string | RegExp]>([
  [
    'with another owner',
    (entry) => ({ ...entry, owner: somebody }),
    'An entry does not follow from the act that it names',
  ],
  [
    "without the owner's signature",
    (entry, act) => ({ ...entry, act: { ...act, owners: [] } }),
    'An act is not signed by those who have to sign it',
  ],
  // What is left says nothing wrong; it is not what was committed, by this epoch or by one before it.
  ['without its act', ({ act: _act, ...word }) => word, /^ {2}where .*\bdataRoot$/m],
])('a claim in the log %s is found', async (_what, forge, sentence) => {
  const forged = forgedEvidence(originals, (entry) => {
    if (entry.kind !== 'membership' || entry.act?.act.kind !== 'claim') return null;
    const { seq: _seq, receivedMs: _receivedMs, ...body } = entry;
    return forge(body, entry.act);
  });
  liar.lie = forged.lie;
  const { code, output } = await verifyLie();
  if (typeof sentence === 'string') expect(output).toContain(`${forged.place}, device ${traveller.device}`);
  expect(output).toMatch(sentence);
  expect(code).toBe(1);
});

const device = 'did:key:z6MkNobody';
const served = [{ device, units: 1 }];
const listOf = (sales: readonly Sale[], more: Partial<UsageFacts> = {}): UsageFacts => ({
  ...NO_USAGE,
  sales,
  ...more,
});

test.each<[string, () => UsageFacts, string, string]>([
  ['that was never paid', () => listOf([sale(1, 5n, served)]), 'is counted that the chain does not show', 'sale x402:'],
  [
    'of after its epoch',
    () => listOf([sale(1, 5n, served, Date.now())]),
    'in an epoch that ended before it',
    'sale x402:',
  ],
  ['that is counted twice', () => listOf([sale(1, 5n, []), sale(1, 5n, [])]), 'was counted before', 'sale x402:'],
  ['on credit that nobody paid for', () => listOf([spending(1, 5n, [])]), 'More credits were spent', ''],
  ['whose part for burning goes elsewhere', () => usageOf([]), 'elsewhere than to the burn auction', 'payees.auction'],
  [
    'whose part goes to a stranger',
    () => listOf([], { devices: [{ device, owner: somebody, cell: '83390cfffffffff' }] }),
    'whom the device never belonged to',
    `device ${device}`,
  ],
])('a sale %s is found', async (_what, lie, sentence, place) => {
  liar.lie = (path) => {
    if (path === `/v1/usage/${epoch}`) return encodeUsage(epoch, lie());
    return COMPUTED.test(path) ? 404 : null;
  };
  const { code, output } = await verifyLie();
  expect(output).toContain(sentence);
  expect(output).toContain(`where       epoch ${epoch}${place === '' ? '' : `, ${place}`}`);
  expect(code).toBe(1);
});

test('a usage list that is not the one of the committed report is found, whatever is in it', async () => {
  liar.lie = (path) => (path === `/v1/usage/${epoch}` ? encodeUsage(epoch, listOf([sale(1, 5n, [])])) : null);
  const { code, output } = await verifyLie();
  expect(output).toContain(`The usage list is not the one of its epoch.\n  where       epoch ${epoch}, hash`);
  expect(code).toBe(1);
});

test('a batch that was cut out of a segment leaves a gap that is named, though the segment was sealed anew', async () => {
  let wanted = '';
  let file: { readonly path: string; readonly bytes: Uint8Array } | null = null;
  liar.lie = (path, body) => {
    if (path === file?.path) return gzipSync(file.bytes);
    const cell = /^\/v1\/evidence\/([0-9a-f]+)$/.exec(path)?.[1];
    const [first, ...rest] = cell === undefined ? [] : (JSON.parse(body.toString()) as EvidenceAnswer).segments;
    if (cell === undefined || wanted !== '' || first === undefined) return null;
    const segment = openSegment(first.key, originals[first.key] ?? new Uint8Array());
    if (!segment.ok) throw new Error(segment.error.detail);
    const gone = segment.value.rows.find(({ kind }) => kind === 'batch')?.seq ?? 0;
    const sealed = sealSegment(
      cell,
      segment.value.rows.filter(({ seq }) => seq !== gone),
    );
    wanted = `region ${cell}, entry ${gone}\n`;
    file = { path: `/v1/${sealed.key}`, bytes: sealed.bytes };
    return JSON.stringify({ segments: [{ ...first, key: sealed.key, root: sealed.root }, ...rest] });
  };
  const { code, output } = await verifyLie();
  expect(output).toContain('Entries of the log are missing');
  expect(output).toContain(`where       ${wanted}`);
  expect(code).toBe(1);
});

test('a segment that is kept back leaves a gap that is named', async () => {
  let cell = '';
  liar.lie = (path, body) => {
    if (!/^\/v1\/evidence\/[0-9a-f]+$/.test(path) || cell !== '') return null;
    cell = path.slice('/v1/evidence/'.length);
    const { segments } = JSON.parse(body.toString()) as EvidenceAnswer;
    return JSON.stringify({ segments: segments.slice(1) });
  };
  const { code, output } = await verifyLie();
  expect(output).toContain(`where       region ${cell}, entry 1\n`);
  expect(output).toContain('Entries of the log are missing');
  expect(code).toBe(1);
});

test('what does not answer, and what was asked wrongly, is one sentence', async () => {
  const { api, chain } = network;
  const nobody = 'http://127.0.0.1:9';
  const [noApi, noRpc, noEpoch, wrong] = await Promise.all([
    verify('--api', nobody, '--rpc', chain.rpc),
    verify('--api', api, '--rpc', `${nobody}/key`),
    verify('--api', api, '--rpc', chain.rpc, '--epoch', '1'),
    verify('--epoch', 'N'),
  ]);
  expect(noApi).toMatchObject({ code: 1, output: expect.stringContaining(`does not answer at ${nobody};`) });
  expect(noRpc).toMatchObject({
    code: 1,
    output: expect.stringMatching(/the chain does not answer at http:\/\/127\.0\.0\.1:9:/),
  });
  expect(noEpoch).toMatchObject({ code: 1, output: expect.stringContaining('no epoch 1') });
  expect(wrong).toMatchObject({
    code: 2,
    output: expect.stringContaining('--epoch "N" is not the number of an epoch'),
  });
});
