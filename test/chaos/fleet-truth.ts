/** What fleet-judge.ts compares: what the devices measured by the simulator's own rules, and what lies in the logs. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkBatch } from '../../core/audit/check-batch.ts';
import { type DeviceId, parseDeviceId, parseRegionCell } from '../../core/ids.ts';
import { quantityByIndex } from '../../core/reading/quantity.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { parseReadings } from '../../core/senml/parse-readings.ts';
import type { RegionSummary } from '../../durable-objects/region/api.ts';
import { checkBatchTools } from '../../scripts/verify/tools.ts';
import { FileStorage } from '../../sensors/client/file-storage.ts';
import { Queue } from '../../sensors/client/queue.ts';
import { type Measurement, writePack } from '../../sensors/client/senml.ts';
import type { Behaviour } from '../../sensors/simulator/behaviour.ts';
import type { FleetDevice } from '../../sensors/simulator/device.ts';
import { extendSlices, highestOf } from '../../sensors/simulator/extend.ts';
import { labelsOf } from '../../sensors/simulator/labels.ts';
import { measurementsAt, type Replay } from '../../sensors/simulator/measurements.ts';
import { backfillStart } from '../../sensors/simulator/schedule.ts';
import { loadSlices } from '../../sensors/simulator/slice.ts';
import { upkeep } from '../support/field.ts';
import { readingNames, readStoredLogs, type StoredLog } from '../support/stored-log.ts';
import type { JudgedRegion, ReadingName } from './fleet-judge.ts';
import type { FleetPlan } from './fleet-plan.ts';

const RULES = LOCAL_RULES.time;

const behaviourIn = ({ faults }: FleetPlan): Behaviour => ({ kind: 'weather', rate: 1, faults });

async function replayOf(devices: readonly FleetDevice[], { seed }: FleetPlan, firstHour: number): Promise<Replay> {
  const slices = extendSlices(await loadSlices(), highestOf(devices));
  return { slices, rules: RULES, seed: String(seed), firstHour };
}

type Memories = {
  /** A batch is on its way, or a device has not begun. */
  readonly isBehind: boolean;
  readonly firstHour: number;
  /** Hour up to which each station has sent everything. */
  readonly sentThrough: ReadonlyMap<string, number>;
};

/** From the fleet's files, as its next start would read them. */
export async function memoriesOf(devices: readonly FleetDevice[], stateDir: string): Promise<Memories> {
  const { firstHour } = JSON.parse(await readFile(join(stateDir, 'fleet.json'), 'utf8')) as { firstHour: number };
  const sentThrough = new Map<string, number>();
  let isBehind = false;
  for (const { station } of devices) {
    const { state } = await Queue.open(await FileStorage.open(join(stateDir, `${station}.queue`), true));
    if (state.pending !== null || state.sentThrough === null) isBehind = true;
    else sentThrough.set(station, state.sentThrough);
  }
  return { isBehind, firstHour, sentThrough };
}

/** Names of what was measured, read by the rules of the edge. Hours that became too old meanwhile are optional. */
export async function measuredBy(
  devices: readonly FleetDevice[],
  plan: FleetPlan,
  firstHour: number,
  sentThrough: ReadonlyMap<string, number>,
): Promise<{ readonly due: ReadonlySet<ReadingName>; readonly optional: ReadonlySet<ReadingName> }> {
  const replay = await replayOf(devices, plan, firstHour);
  const dueFrom = backfillStart(Date.now(), RULES);
  const due = new Set<ReadingName>();
  const optional = new Set<ReadingName>();
  for (const { did, station } of devices) {
    const device = parseDeviceId(did);
    if (!device.ok) throw new Error(`no device ${did}`);
    for (let hour = firstHour; hour <= (sentThrough.get(station) ?? 0); hour++) {
      const measurements = measurementsAt(replay, station, behaviourIn(plan), hour);
      if (measurements.length === 0) continue;
      const into = hour < dueFrom ? optional : due;
      for (const name of namesOf(device.value, measurements)) into.add(name);
    }
  }
  return { due, optional };
}

function namesOf(device: DeviceId, measurements: readonly Measurement[]): readonly ReadingName[] {
  const readings = parseReadings(writePack(device, measurements), device, 0);
  if (!readings.ok) throw new Error(`the simulator measured what nobody may send: ${JSON.stringify(readings.error)}`);
  return readings.value.map(({ quantity: index, measuredMs, steps }) => {
    const quantity = quantityByIndex(index);
    if (!quantity) throw new Error(`no quantity ${index}`);
    return `${device} ${quantity.code} ${measuredMs} ${steps / quantity.stepsPerUnit}`;
  });
}

export async function faultsOf(
  devices: readonly FleetDevice[],
  plan: FleetPlan,
  firstHour: number,
  sentThrough: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, number>> {
  const { slices, seed } = await replayOf(devices, plan, firstHour);
  const labels = devices.flatMap(({ station }) => {
    const hours = (sentThrough.get(station) ?? firstHour) + 1 - firstHour;
    return labelsOf(slices, station, behaviourIn(plan), seed, hours);
  });
  return new Map([...Map.groupBy(labels, ({ name }) => name)].map(([name, of]) => [name, of.length]));
}

/** What each object says of itself, and then, with the network gone, what lies on the disk. */
export async function readRegions(
  network: { readonly api: string; readonly adminToken: string },
  devices: readonly { readonly region: string }[],
  stop: () => Promise<void>,
  workersDir: string,
): Promise<readonly JudgedRegion[]> {
  const told = new Map<string, RegionSummary>();
  for (const region of new Set(devices.map((device) => device.region))) {
    const cell = parseRegionCell(region);
    if (!cell.ok) throw new Error(`no region ${region}`);
    told.set(region, await upkeep(network, cell.value));
  }
  await stop();
  return Promise.all(readStoredLogs(workersDir).flatMap((log) => judged(log, told.get(log.cell) ?? null)));
}

async function judged(log: StoredLog, told: RegionSummary | null): Promise<JudgedRegion> {
  const tools = checkBatchTools();
  const batches = await Promise.all(
    log.batches.map(async (batch) => {
      const { seq, device, nonce } = batch;
      const checked = await checkBatch(batch, device, log.cell, tools);
      return { seq, device, nonce, readings: checked.ok ? readingNames(batch) : null };
    }),
  );
  return {
    cell: log.cell,
    batches,
    counted: told?.readings ?? 0,
    stateHash: told?.stateHash ?? '',
    refolded: told === null ? '' : log.stateHash(told.seq),
    forks: log.forks,
  };
}
