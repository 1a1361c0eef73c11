/**
 * An epoch of 10,000 devices: closed from D1 as the cron Worker does it, and verified from signed evidence as a stranger
 * does. Growth is time a device at many devices against few, in the same run. Where the many do not fit into the caches
 * any more, work that is linear beyond doubt grows as well: that is the floor of the largest step.
 */
import { gzipSync } from 'node:zlib';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { walkEpochs, type EpochOnChain, type RegionHistory } from '../../core/audit/walk-epochs.ts';
import { computeEpoch, type EpochInputs, type EpochResult } from '../../core/reward/compute-epoch.ts';
import { hashReport } from '../../core/reward/report.ts';
import { NO_CARRY } from '../../core/reward/reserve.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import { epochStartMs } from '../../core/time.ts';
import { readRegion, type RegionAudit } from '../../scripts/verify/read-region.ts';
import { checkActTools, checkBatchTools } from '../../scripts/verify/tools.ts';
import { edgeStores } from '../../test/support/edge-env.ts';
import { closeEpochs } from '../../worker/cron/close-epoch.ts';
import { EVIDENCE_EPOCH, makeRegion, type RegionEvidence } from '../epoch/evidence.ts';
import { cellOf, dayOf, DEVICES_PER_REGION, seedEpoch } from '../epoch/seed.ts';
import type { Figure, Row } from '../row.ts';
import { NO_USAGE } from '../../core/reward/usage.ts';

const EPOCH = 20_000;
const DEVICES = 10_000;
const FEW = 1000;
const MANY = 100_000;
const ROUNDS = 3;
/** No worse than linear; the rest is noise of the machine and its garbage collector. */
const GROWTH = { atMost: 1.2 };

export const epochRow: Row = {
  name: 'epoch',
  async measure() {
    return [...(await closeFigures()), ...payoutFigures(), ...(await verifyFigures())];
  },
};

async function closeFigures(): Promise<readonly Figure[]> {
  const few = await closeMs(FEW);
  const many = await closeMs(DEVICES);
  return [
    { name: `close of ${DEVICES} devices, from D1 to its report`, value: many, unit: 'ms' },
    {
      name: `close a device, of ${DEVICES}`,
      value: (many * 1000) / DEVICES,
      unit: 'µs/device',
      floor: { name: `of ${FEW}`, value: (few * 1000) / FEW },
      budget: GROWTH,
    },
  ];
}

/** The fastest of some closes of the same rows. */
async function closeMs(devices: number): Promise<number> {
  const stores = await edgeStores();
  const { DB, ARCHIVE } = stores;
  try {
    await seedEpoch(DB, devices, EPOCH);
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < ROUNDS; round++) {
      await DB.exec('DELETE FROM epoch; DELETE FROM payout;');
      const parts = {
        db: DB,
        archive: ARCHIVE,
        rules: MAIN_RULES,
        order: { firstEpoch: EPOCH, lastCommitted: EPOCH - 1, finalizedSeconds: Number.MAX_SAFE_INTEGER },
        auction: () => Promise.reject(new Error('nothing is sold')),
        treasury: '',
        burned: async () => 0n,
        committed: () => Promise.reject(new Error('nothing is committed')),
        stalledSince: async () => ({}),
      };
      const startedMs = performance.now();
      const { closed, alarms } = await closeEpochs(parts, epochStartMs(EPOCH + 1, MAIN_RULES.time) + 300_000);
      best = Math.min(best, performance.now() - startedMs);
      if (closed.length !== 1) throw new Error(`closed ${closed.length} epochs: ${alarms.join()}`);
    }
    return best;
  } finally {
    await stores.stop();
  }
}

/** The computation alone, and what it holds in memory: inputs, result and report. */
function payoutFigures(): readonly Figure[] {
  const [few, usual, many] = [compute(FEW), compute(DEVICES), compute(MANY)];
  return [
    { name: `payouts of ${DEVICES} devices`, value: usual.ms, unit: 'ms' },
    { name: `memory of payouts of ${DEVICES} devices`, value: usual.megabytes, unit: 'MB' },
    { name: `memory of payouts of ${MANY} devices`, value: many.megabytes, unit: 'MB' },
    {
      name: `payouts a device, growth from ${FEW} to ${MANY}`,
      value: many.ms / MANY / (few.ms / FEW),
      unit: 'times',
      floor: { name: 'growth of reading and hashing the report', value: many.floorMs / MANY / (few.floorMs / FEW) },
      budget: GROWTH,
    },
  ];
}

type Computed = { readonly ms: number; readonly floorMs: number; readonly megabytes: number };

function compute(devices: number): Computed {
  const before = heapMegabytes();
  const inputs: EpochInputs = {
    epoch: EPOCH,
    firstEpoch: EPOCH,
    burned: 0n,
    days: Array.from({ length: devices }, (_, n) => dayOf(n)),
    usage: NO_USAGE,
    predecessors: new Map(),
    segments: [],
    regions: Array.from({ length: Math.ceil(devices / DEVICES_PER_REGION) }, (_, n) => ({ cell: cellOf(n) })),
    missing: [],
    carry: NO_CARRY,
    late: [],
  };
  // As many devices in each case: a short run is repeated until it has seen as many as a long one.
  const repeats = Math.max(1, Math.round(MANY / devices));
  const best = { ms: Number.POSITIVE_INFINITY, floorMs: Number.POSITIVE_INFINITY };
  const result = computeEpoch(inputs, MAIN_RULES);
  for (let round = 0; round < ROUNDS; round++) {
    best.ms = Math.min(
      best.ms,
      millisecondsOf(repeats, () => computeEpoch(inputs, MAIN_RULES)),
    );
    const floorMs = millisecondsOf(repeats, () => [JSON.parse(result.reportText), hashReport(result.reportText)]);
    best.floorMs = Math.min(best.floorMs, floorMs);
  }
  const megabytes = heapMegabytes() - before;
  if (result.report.devices.length !== inputs.days.length) throw new Error('not all were computed');
  return { ...best, megabytes };
}

function millisecondsOf(repeats: number, call: () => unknown): number {
  const startedMs = performance.now();
  for (let n = 0; n < repeats; n++) call();
  return (performance.now() - startedMs) / repeats;
}

const collect = (() => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
})();

function heapMegabytes(): number {
  collect();
  return process.memoryUsage().heapUsed / 1e6;
}

async function verifyFigures(): Promise<readonly Figure[]> {
  const evidence: RegionEvidence[] = [];
  for (let region = 0; region < DEVICES / DEVICES_PER_REGION; region++) evidence.push(await makeRegion(region));
  const [first] = evidence;
  if (first === undefined) throw new Error('no region');
  await verify([first]);
  const { audits: _gone, ...few } = await verify([first]);
  const before = heapMegabytes();
  const many = await verify(evidence);
  const megabytes = heapMegabytes() - before;
  if (many.audits.length !== evidence.length) throw new Error('not all were verified');
  const total = (of: typeof few): number => of.signatures + of.fold + of.payouts;
  return [
    { name: `verify ${DEVICES} devices, signatures`, value: many.signatures, unit: 'ms' },
    { name: `verify ${DEVICES} devices, fold with verdicts`, value: many.fold, unit: 'ms' },
    { name: `verify ${DEVICES} devices, payouts and root`, value: many.payouts, unit: 'ms' },
    { name: `memory of the verification of ${DEVICES} devices`, value: megabytes, unit: 'MB' },
    {
      name: `verify a device, of ${DEVICES}`,
      value: (total(many) * 1000) / DEVICES,
      unit: 'µs/device',
      floor: { name: `of ${FEW}`, value: (total(few) * 1000) / FEW },
      budget: GROWTH,
    },
  ];
}

type Verified = {
  readonly signatures: number;
  readonly fold: number;
  readonly payouts: number;
  /** What an audit holds at its end. */
  readonly audits: readonly RegionAudit[];
};

async function verify(evidence: readonly RegionEvidence[]): Promise<Verified> {
  const tools = checkBatchTools();
  const acts = { ...checkActTools(), domain: { chainId: 10, contract: '0x00' } } as const;
  const histories: RegionHistory[] = [];
  const audits: RegionAudit[] = [];
  const spent = { signatures: 0, fold: 0 };
  for (const { cell, segments } of evidence) {
    const files = new Map(segments.map(({ key, bytes }) => [key.slice(key.lastIndexOf('/') + 1), gzipSync(bytes)]));
    const api = { segment: async (_: string, file: string) => files.get(file) ?? new Uint8Array() };
    const audit = await readRegion(cell, segments, { api, rules: MAIN_RULES, tools, acts, onSegment: () => undefined });
    if (!audit.ok) throw new Error(JSON.stringify(audit.error));
    const { replay, spentMs } = audit.value;
    spent.signatures += spentMs.download + spentMs.signatures;
    spent.fold += spentMs.fold;
    audits.push(audit.value);
    const { firstHour } = replay.state;
    histories.push({ cell, firstHour, closings: replay.closings, days: replay.days, segments: audit.value.segments });
  }
  const committed = walk(histories, onChain(null));
  const startedMs = performance.now();
  const { root } = walk(histories, onChain(committed));
  const payouts = performance.now() - startedMs;
  if (root !== committed.root) throw new Error('the root differs');
  return { ...spent, payouts, audits };
}

function walk(regions: readonly RegionHistory[], epoch: EpochOnChain): EpochResult {
  const walked = walkEpochs(
    { regions, epochs: [epoch], unseen: [], predecessors: new Map(), onEpoch: () => undefined },
    MAIN_RULES,
  );
  if (!walked.ok) throw new Error(JSON.stringify(walked.error));
  return walked.value;
}

/** Null: nothing is known of it yet. */
function onChain(result: EpochResult | null): EpochOnChain {
  return {
    epoch: EVIDENCE_EPOCH,
    burned: 0n,
    transaction: '0x',
    usage: NO_USAGE,
    usageHash: null,
    commit: {
      root: result?.root ?? '',
      total: String(result?.total ?? 0n),
      reserved: '0',
      usdcTotal: '0',
      batchCount: result?.batches.length ?? 0,
      reportHash: `0x${result?.reportHash ?? ''}`,
      ruleSetHash: `0x${result?.ruleSetHash ?? ''}`,
      dataRoot: `0x${result?.dataRoot ?? ''}`,
    },
  };
}
