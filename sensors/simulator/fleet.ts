/**
 * The fleet: every device catches up with signed batches, oldest hours first, and then reports each hour shortly after
 * measuring it. It stops at the signal with its state on disk, and the next start goes on from there.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RuleSet } from '../../core/rules/rule-set.ts';
import { hourOf, hourStartMs, rfc3339 } from '../../core/time.ts';
import type { Transport } from '../client/upload.ts';
import { attackOn, type Behaviour, behaviourOf, HONEST } from './behaviour.ts';
import { chance } from './chance.ts';
import { extendSlices, highestOf } from './extend.ts';
import { type Label, labelsOf } from './labels.ts';
import { type AttackName, ATTACKS } from './attacks/catalogue.ts';
import { type FleetDevice, SimulatedDevice, type World } from './device.ts';
import { lockFolder } from '../client/lock.ts';
import { backfillStart } from './schedule.ts';
import { loadSlices, type Slices } from './slice.ts';
import { emptyTally, summaryLine, type Tally } from './tally.ts';
import type { Weather } from './weather.ts';

export type FleetOptions = {
  readonly devices: readonly FleetDevice[];
  readonly rules: RuleSet;
  /** One file per device: nonce, batch on its way, last hour sent. */
  readonly stateDir: string;
  readonly signal: AbortSignal;
  readonly seed?: string;
  /** A station that cheats from its second day on. */
  readonly attack?: { readonly name: AttackName; readonly station: string };
  /** Each of these on a station that the seed chooses, from its second day on. */
  readonly attacks?: readonly AttackName[];
  /** Over all stations that do not cheat. */
  readonly weather?: Weather;
  readonly isMixed?: boolean;
  readonly sliceDir?: string;
  /** Uploads at one time. */
  readonly concurrency?: number;
  /** Seconds between two summaries; default: an hour of the rule set, at least 15 s. */
  readonly summarySeconds?: number;
  /** Ends when every device has caught up. */
  readonly isBackfillOnly?: boolean;
  readonly transport?: Partial<Transport>;
};

export type FleetSummary = {
  readonly tally: Tally;
  readonly devices: number;
  /** Hour of the rule set that labels count from. */
  readonly firstHour: number;
  readonly labels: readonly Label[];
};

export async function runFleet(options: FleetOptions, log: (line: string) => void): Promise<FleetSummary> {
  // One device that cannot go on (a full disk, a broken key) stops the others, too.
  const failed = new AbortController();
  const transport: Transport = {
    ...realTransport(AbortSignal.any([options.signal, failed.signal])),
    ...options.transport,
  };
  await mkdir(options.stateDir, { recursive: true });
  const unlock = await lockFolder(options.stateDir);
  try {
    return await runLocked(options, transport, failed, log);
  } finally {
    await unlock();
  }
}

async function runLocked(
  options: FleetOptions,
  transport: Transport,
  failed: AbortController,
  log: (line: string) => void,
): Promise<FleetSummary> {
  const { devices } = options;
  const rules = options.rules.time;
  const slices = extendSlices(await loadSlices(options.sliceDir), highestOf(devices));
  const firstHour = await firstHourOf(options.stateDir, backfillStart(transport.nowMs(), rules));
  const tally = emptyTally();
  const byStation = new Map<string, SimulatedDevice>();
  const sentThroughOf = (station: string) => byStation.get(station)?.sentThrough;
  const seed = options.seed ?? 'isobar';
  const behaviours = behavioursOf(slices, options, seed);
  const isMixed = options.isMixed ?? false;
  const world: World = { isMixed, slices, rules, seed, firstHour, transport, tally, log, behaviours, sentThroughOf };
  const fleet = await Promise.all(devices.map((device) => SimulatedDevice.open(device, options.stateDir, world)));
  devices.forEach((device, at) => {
    const opened = fleet[at];
    if (opened) byStation.set(device.station, opened);
  });

  const progress = new Progress(fleet, world);
  const gate = new Gate(options.concurrency ?? 8);
  const summarySeconds = options.summarySeconds ?? Math.max(15, rules.hourSeconds);
  const summary = setInterval(() => log(summaryLine(tally, fleet.length)), summarySeconds * 1000);
  const runs = fleet.map((device) =>
    runDevice(device, world, gate, progress, options.isBackfillOnly ?? false).catch((error: unknown) => {
      failed.abort();
      throw error;
    }),
  );
  const ended = await Promise.allSettled(runs);
  clearInterval(summary);
  progress.end();
  const failure = ended.find((end) => end.status === 'rejected');
  if (failure) throw failure.reason;
  log(summaryLine(tally, fleet.length));
  const hours = hourOf(transport.nowMs(), rules) + 1 - firstHour;
  const labels = devices.flatMap(({ station }) =>
    labelsOf(slices, station, behaviours.get(station) ?? behaviourOf(station), seed, hours),
  );
  return { tally, devices: fleet.length, firstHour, labels };
}

/** Honest for a day, so that the change is there to be seen. */
const ATTACK_FROM_HOUR = 24;

function behavioursOf(slices: Slices, options: FleetOptions, seed: string): ReadonlyMap<string, Behaviour> {
  const { attack, attacks = [], weather, devices } = options;
  const behaviours = new Map<string, Behaviour>();
  if (attack) {
    const behaviour = attackOn(slices, attack.station, attack.name, ATTACK_FROM_HOUR);
    if (behaviour === null)
      throw new UnsuitableStation(`${attack.name} does not fit ${attack.station}: ${ATTACKS[attack.name].does}`);
    behaviours.set(attack.station, behaviour);
  }
  const stations = devices
    .map(({ station }) => station)
    .toSorted((a, b) => chance(seed, 'cheat', a) - chance(seed, 'cheat', b));
  for (const name of attacks) {
    const found = stations
      .filter((station) => !behaviours.has(station))
      .map((station) => ({ station, behaviour: attackOn(slices, station, name, ATTACK_FROM_HOUR) }))
      .find(({ behaviour }) => behaviour !== null);
    if (found === undefined || found.behaviour === null)
      throw new UnsuitableStation(`no station is left for ${name}: ${ATTACKS[name].does}`);
    behaviours.set(found.station, found.behaviour);
  }
  if (weather || attacks.length > 0)
    for (const station of stations)
      if (!behaviours.has(station)) behaviours.set(station, weather ? { kind: 'weather', ...weather } : HONEST);
  return behaviours;
}

/** The station measures nothing that the attack could falsify, or has no neighbor to take it from. */
export class UnsuitableStation extends Error {}

async function runDevice(
  device: SimulatedDevice,
  world: World,
  gate: Gate,
  progress: Progress,
  isBackfillOnly: boolean,
): Promise<void> {
  const { transport } = world;
  let isLive = false;
  while (!transport.isStopping()) {
    const step = await gate.run(() => device.step());
    if (step.kind === 'sent' && !isLive) progress.sent();
    if (step.kind === 'behind') await transport.wait(Math.max(0, step.untilMs - transport.nowMs()));
    if (step.kind !== 'wait') continue;
    if (!isLive && step.isStuck !== true) {
      isLive = true;
      progress.caughtUp();
    }
    if (isBackfillOnly) return;
    await transport.wait(Math.max(0, step.untilMs - transport.nowMs()));
  }
}

/** First come, first served: a device that has sent goes to the end of the line, so all catch up side by side. */
class Gate {
  #free: number;
  readonly #line: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((enter) => this.#line.push(enter));
    try {
      return await work();
    } finally {
      const next = this.#line.shift();
      if (next) next();
      else this.#free++;
    }
  }
}

/** Tells how the catching up goes, a line each time the fleet has sent a batch per device. */
class Progress {
  #batches = 0;
  #behind: number;
  readonly #fleet: readonly SimulatedDevice[];
  readonly #world: World;

  constructor(fleet: readonly SimulatedDevice[], world: World) {
    this.#fleet = fleet;
    this.#behind = fleet.length;
    this.#world = world;
  }

  sent(): void {
    this.#batches++;
    if (this.#batches % this.#fleet.length !== 0) return;
    const { rules, log } = this.#world;
    const hour = Math.min(...this.#fleet.map((device) => device.sentThrough ?? 0));
    const until = hour === 0 ? '' : `, every device up to ${rfc3339(hourStartMs(hour + 1, rules))}`;
    log(`backfill: ${this.#batches} signed batches sent${until}`);
  }

  caughtUp(): void {
    this.#behind--;
    if (this.#behind === 0) this.#world.log(`all ${this.#fleet.length} devices are up to date`);
  }

  /** The fleet stops, whether or not everything due has been sent. */
  end(): void {
    if (this.#behind === 0) return;
    this.#world.log(`${this.#behind} of ${this.#fleet.length} devices are behind; the next start goes on from there`);
  }
}

/** The hour at which the slice begins, the same on every later start. */
async function firstHourOf(stateDir: string, fresh: number): Promise<number> {
  const path = join(stateDir, 'fleet.json');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text !== null) {
    const { firstHour } = JSON.parse(text) as { readonly firstHour?: unknown };
    if (Number.isSafeInteger(firstHour)) return Number(firstHour);
  }
  await writeFile(path, `${JSON.stringify({ firstHour: fresh })}\n`);
  return fresh;
}

function realTransport(signal: AbortSignal): Transport {
  return {
    fetch: (request) => fetch(request),
    nowMs: () => Date.now(),
    jitter: () => Math.random(),
    isStopping: () => signal.aborted,
    wait: (ms) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const finish = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', finish);
          resolve();
        };
        const timer = setTimeout(finish, ms);
        signal.addEventListener('abort', finish, { once: true });
      }),
  };
}
