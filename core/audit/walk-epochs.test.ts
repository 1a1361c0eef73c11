/** Epochs of two regions as they were closed, and the same from their logs and the chain alone. */
import { beforeAll, expect, test } from 'vitest';
import { DAY0_MS, HOUR_MS, MADRID, memberOf, reading, TestLog } from '../../test/support/region-log.ts';
import type { DeviceId, OwnerAddress, RegionCell } from '../ids.ts';
import { decideClose, type RegionProgress } from '../reward/closable.ts';
import { computeEpoch, type EpochResult } from '../reward/compute-epoch.ts';
import type { Segment } from '../reward/data-root.ts';
import { carryOf } from '../reward/report.ts';
import type { Sale } from '../reward/sale.ts';
import { dueReserves, NO_CARRY, type Carry } from '../reward/reserve.ts';
import { MAIN_RULES } from '../rules/main.ts';
import { epochOfHour, epochStartMs } from '../time.ts';
import type { CommitFacts } from './compare-payments.ts';
import { ownersIn, predecessorsIn } from './key-history.ts';
import { replayEntry, startReplay, type RegionReplay } from './replay-region.ts';
import { walkEpochs, type EpochOnChain, type RegionHistory } from './walk-epochs.ts';
import type { UsageFacts } from '../reward/usage.ts';
import { sale, spending, topUp, usageOf } from '../../test/support/sales.ts';

const rules = MAIN_RULES;
const { time } = rules;
const TOLEDO = '83390dfffffffff' as RegionCell;
const FIRST = DAY0_MS / (24 * HOUR_MS);
const DAYS = 4;
/** Toledo closes the second day only on the third, ten hours too late. */
const LATE = FIRST + 1;
const LAST_HOUR = 47;
const STALL_HOURS = 10;
const GRACE_MS = time.graceSeconds * 1000;

/** A sale of both regions, credits, and a device that has left the network. */
function usageAt(epoch: number): UsageFacts {
  const n = (epoch - FIRST) * 10;
  const served = [
    { device: deviceOf(MADRID, 0), units: 7 },
    { device: deviceOf(TOLEDO, 2), units: 5 },
    ...soldKeys(epoch).map((device) => ({ device, units: 2 })),
  ];
  const left = [{ device: 'did:key:z6MkLeft', units: 1 }];
  return usageOf([sale(n, 10_007n, served), topUp(n + 1, 5000n), spending(n, 3001n, served), sale(n + 2, 999n, left)], {
    devices: [{ device: 'did:key:z6MkLeft', owner: `0x${'1'.repeat(40)}`, cell: MADRID }],
    operators: [{ cell: TOLEDO, operator: `0x${'2'.repeat(40)}` }],
  });
}

function deviceOf(cell: RegionCell, slot: number): DeviceId {
  const letter = cell === MADRID ? 'm' : 't';
  return `did:key:z6Mk${letter.repeat(43)}${slot + 1}` as DeviceId;
}

/** On the second day Madrid's third device changes its key twice, on the third it is transferred. Old keys stay sold. */
const KEYS = [deviceOf(MADRID, 2), deviceOf(MADRID, 3), deviceOf(MADRID, 4)] as const;
const BUYER = `0x${'b'.repeat(40)}` as OwnerAddress;
const [TURN_HOUR, TRANSFER_HOUR] = [30, 60];

function soldKeys(epoch: number): readonly DeviceId[] {
  return epoch === FIRST ? KEYS.slice(0, 1) : KEYS.slice(0, 2);
}

function addDeeds(log: TestLog, hour: number, nowMs: number): void {
  const [first, second, third] = KEYS;
  const member = memberOf(2, { density: memberOf(0).density });
  if (hour === TURN_HOUR) {
    log.add({ kind: 'inherit', device: second, from: first, reputation: null }, nowMs);
    log.add({ ...member, device: second }, nowMs);
    log.add({ kind: 'inherit', device: third, from: second, reputation: null }, nowMs);
    log.add({ ...member, device: third }, nowMs);
  }
  if (hour === TRANSFER_HOUR) log.add({ ...member, device: third, version: 2, owner: BUYER }, nowMs);
}

/** Three devices that post every hour, the first two in one density cell; hours close as their time comes. */
function regionLog(cell: RegionCell, stalls: boolean): TestLog {
  const log = new TestLog(0, rules, DAY0_MS, cell);
  for (let slot = 0; slot < 3; slot += 1) {
    log.add(memberOf(slot, { device: deviceOf(cell, slot), density: memberOf(0).density }), DAY0_MS);
  }
  for (let hour = 0; hour < 24 * DAYS; hour += 1) {
    const hourMs = DAY0_MS + hour * HOUR_MS;
    if (cell === MADRID) addDeeds(log, hour, hourMs + GRACE_MS);
    for (let slot = 0; slot < 3; slot += 1) {
      // The second device repeats the first one.
      const own = slot === 2 ? ((hour * 5) % 7) / 3 : 0;
      log.post(slot, hourMs + 601_000, [reading('temp', hourMs + 600_000, 15 + (hour % 24) / 4 + own)]);
    }
    if (stalls && LAST_HOUR <= hour && hour < LAST_HOUR + STALL_HOURS) continue;
    log.close(DAY0_MS / HOUR_MS + hour, hourMs + HOUR_MS + GRACE_MS);
  }
  return log;
}

function replayOf(log: TestLog, cell: RegionCell): RegionReplay {
  const replay = startReplay(cell, rules);
  for (const entry of log.entries) {
    const one = replayEntry(replay, entry);
    if (!one.ok) throw new Error(JSON.stringify(one.error));
  }
  return replay;
}

function historyOf(replay: RegionReplay): RegionHistory {
  const { cell } = replay;
  const segments = replay.seals.map(({ fromSeq, toSeq, hour }) => ({
    hour,
    segment: { cell, fromSeq, toSeq, root: `${cell}${toSeq}` },
  }));
  return {
    cell,
    firstHour: replay.state.firstHour,
    closings: replay.closings,
    days: replay.days,
    segments: new Map(
      [...Map.groupBy(segments, ({ hour }) => epochOfHour(hour, time))].map(([epoch, of]): [number, Segment[]] => [
        epoch,
        of.map(({ segment }) => segment),
      ]),
    ),
  };
}

/** As the cron Worker closes epochs: at the first of its ticks at which the decision is to close. */
function closeAll(regions: readonly RegionHistory[]): readonly EpochResult[] {
  const results: EpochResult[] = [];
  let carry: Carry = NO_CARRY;
  let atMs = DAY0_MS;
  for (let epoch = FIRST; epoch < FIRST + DAYS; epoch += 1) {
    atMs = Math.max(atMs, epochStartMs(epoch + 1, time));
    for (; results.length <= epoch - FIRST; atMs += 300_000) {
      const progress = regions.map(({ cell, firstHour, closings }): RegionProgress => {
        const done = closings.filter((closing) => closing.atMs <= atMs);
        return { cell, firstHour: done.length > 0 ? firstHour : null, closedThrough: done.at(-1)?.hour ?? null };
      });
      const stalled = regions.map(({ cell, closings }): [string, number] => [
        cell,
        closings.findLast((closing) => closing.atMs <= atMs)?.atMs ?? DAY0_MS,
      ]);
      const decision = decideClose(epoch, progress, new Map(stalled), atMs, time);
      if (decision.kind !== 'close') continue;
      const cells = decision.regions.map(({ cell }) => cell);
      const due = dueReserves(carry, decision.regions);
      const of = (cell: string): RegionHistory | undefined => regions.find((region) => region.cell === cell);
      const result = computeEpoch(
        {
          epoch,
          firstEpoch: FIRST,
          burned: BigInt(epoch) * 10n ** 18n,
          usage: usageAt(epoch),
          // As the registry has them.
          predecessors: new Map([
            [KEYS[1], KEYS[0]],
            [KEYS[2], KEYS[1]],
          ]),
          days: cells.flatMap((cell) => of(cell)?.days.get(epoch) ?? []),
          segments: cells.flatMap((cell) =>
            [...(of(cell)?.segments ?? [])].flatMap(([sealed, segments]) =>
              sealed > (carry.counted.get(cell) ?? -1) && sealed <= epoch ? segments : [],
            ),
          ),
          regions: decision.regions,
          missing: decision.missing,
          carry,
          late: due.map((late) => ({
            epoch: late.epoch,
            days: of(late.cell)?.days.get(late.epoch) ?? [],
            others: cells.filter((cell) => cell !== late.cell).flatMap((cell) => of(cell)?.days.get(late.epoch) ?? []),
          })),
        },
        rules,
      );
      carry = carryOf(result.reportText);
      results.push(result);
    }
  }
  return results;
}

const commitOf = (result: EpochResult): CommitFacts => ({
  root: result.root,
  total: String(result.total),
  reserved: String(result.reserved),
  usdcTotal: String(result.usdcTotal),
  batchCount: result.batches.length,
  reportHash: `0x${result.reportHash}`,
  ruleSetHash: `0x${result.ruleSetHash}`,
  dataRoot: `0x${result.dataRoot}`,
});

let replays: readonly RegionReplay[];
let regions: readonly RegionHistory[];
let results: readonly EpochResult[];
let chain: readonly EpochOnChain[];
beforeAll(() => {
  replays = [replayOf(regionLog(MADRID, false), MADRID), replayOf(regionLog(TOLEDO, true), TOLEDO)];
  regions = replays.map(historyOf);
  results = closeAll(regions);
  chain = results.map((result) => ({
    epoch: result.epoch,
    burned: BigInt(result.epoch) * 10n ** 18n,
    commit: commitOf(result),
    transaction: `0x${result.epoch}`,
    usage: usageAt(result.epoch),
    usageHash: result.usageHash,
  }));
});

const walk = (epochs: readonly EpochOnChain[], of = regions) =>
  walkEpochs(
    { regions: of, epochs, unseen: [], predecessors: predecessorsIn(replays), onEpoch: () => undefined },
    rules,
  );
const altered = (epoch: number, change: Partial<CommitFacts>): readonly EpochOnChain[] =>
  chain.map((one) => (one.epoch === epoch ? { ...one, commit: { ...one.commit, ...change } } : one));

test('a region that stalls is left out, and paid later from the reserve', () => {
  expect(results.map(({ report }) => report.missing)).toEqual([[], [{ cell: TOLEDO }], [], []]);
  expect(BigInt(results[LATE - FIRST]?.reserved ?? 0)).toBeGreaterThan(0n);
  expect(results[LATE - FIRST + 1]?.report.late).toMatchObject([{ epoch: LATE, cell: TOLEDO }]);
  expect(results[LATE - FIRST + 1]?.report.late[0]?.devices).toHaveLength(3);
});

test('a second key that repeats a device shares its slot once there are hours enough to say so', () => {
  const alikeIn = (result: EpochResult | undefined) => result?.report.devices.map(({ alike }) => alike !== undefined);
  expect(alikeIn(results[0])).toEqual([false, false, false, false, false, false]);
  expect(alikeIn(results[3])).toEqual([false, true, false, false, true, false]);
});

test.each([0, 1, 2, 3])('epoch %i comes out of logs and chain alone, its report byte for byte', (at) => {
  const walked = walk(chain.slice(0, at + 1));
  if (!walked.ok) throw new Error(JSON.stringify(walked.error));
  expect(walked.value.reportText).toBe(results[at]?.reportText);
});

test('what an earlier epoch committed besides is found there: another payee, score, total, batch or rule set', () => {
  const lies: readonly Partial<CommitFacts>[] = [
    { root: `0x${'ab'.repeat(32)}` },
    { total: '1' },
    { reserved: '1' },
    { batchCount: 2 },
    { ruleSetHash: `0x${'cd'.repeat(32)}` },
  ];
  for (const lie of lies) {
    const [[field, told] = ['', '']] = Object.entries(lie);
    expect(walk(altered(LATE, lie))).toMatchObject({
      error: { reason: 'commit', at: { epoch: LATE, field }, published: String(told) },
    });
  }
});

test('evidence that is held back is found by the data root of the first epoch that it belongs to', () => {
  const [madrid, toledo] = regions;
  if (madrid === undefined || toledo === undefined) throw new Error('no region');
  const fewer = new Map([...madrid.segments].map(([epoch, of]) => [epoch, epoch === LATE ? of.slice(1) : of]));
  expect(walk(chain, [{ ...madrid, segments: fewer }, toledo])).toMatchObject({
    error: { at: { epoch: LATE, field: 'dataRoot' } },
  });
  expect(walk(chain, [madrid])).toMatchObject({ error: { at: { epoch: FIRST, field: 'dataRoot' } } });
});

test('a region cannot be left out that had closed before one that was counted', () => {
  const [madrid, toledo] = regions;
  if (madrid === undefined || toledo === undefined) throw new Error('no region');
  const onlyToledo = closeAll([toledo]).map(commitOf);
  const without = chain.map((one, at) => ({ ...one, commit: onlyToledo[at] ?? one.commit }));
  expect(walk(without)).toMatchObject({ error: { reason: 'commit', at: { epoch: FIRST, field: 'dataRoot' } } });
});

const withUsage = (epoch: number, usage: UsageFacts, usageHash: string | null): readonly EpochOnChain[] =>
  chain.map((one) => (one.epoch === epoch ? { ...one, usage, usageHash } : one));
const changed = (change: Partial<Sale>): UsageFacts => {
  const usage = usageAt(LATE);
  return { ...usage, sales: usage.sales.map((one, n) => (n === 0 ? { ...one, ...change } : one)) };
};

test('every sale is paid out, and what is left of the credits is handed on', () => {
  expect(new Set(results.map(({ usdcTotal, sales }) => `${usdcTotal} in ${sales}`))).toEqual(new Set(['14007 in 3']));
  expect(results.map(({ report }) => report.usage.unspent)).toEqual(['1999', '3998', '5997', '7996']);
});

test('what is sold of a device under its former keys pays whoever has it on the day, and its logs name them all', () => {
  const [first, second, third] = KEYS;
  const seller = memberOf(2).owner;
  const paid = results.map(({ report }) =>
    report.usage.devices.flatMap(({ device, owner, units }) =>
      KEYS.some((key) => key === device) ? [[device, owner, units]] : [],
    ),
  );
  expect(paid).toEqual([[[first, seller, 4]], [[third, seller, 8]], [[third, BUYER, 8]], [[third, BUYER, 8]]]);
  const owners = ownersIn(replays);
  for (const key of [first, second, third]) expect(owners.get(key)).toEqual(new Set([seller, BUYER]));
  expect(owners.get(deviceOf(MADRID, 0))).toEqual(new Set([memberOf(0).owner]));
});

test('a usage list that pays something else, or the same for another sale, is found in the epoch that counts it', () => {
  expect(walk(withUsage(LATE, changed({ usdc: 10_008n }), null))).toMatchObject({
    error: { reason: 'commit', at: { epoch: LATE, field: 'usdcTotal' } },
  });
  const usageHash = results[LATE - FIRST]?.usageHash ?? '';
  for (const [known, published] of [
    [usageHash, usageHash],
    [null, 'withheld with the report'],
  ] as const) {
    expect(walk(withUsage(LATE, changed({ id: sale(99, 1n, []).id }), known))).toMatchObject({
      error: { reason: 'usage', at: { epoch: LATE, field: 'hash' }, published },
    });
  }
});

test('credits that nobody paid for are found before they are computed with', () => {
  const usage = usageOf([spending(1, 10n ** 9n, [])]);
  expect(walk(withUsage(LATE, usage, null))).toMatchObject({ error: { reason: 'credits', at: { epoch: LATE } } });
});
