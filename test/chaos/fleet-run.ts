/** One plan on the real Workers: network and simulator are processes that are killed and come back, as often as the plan says. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { derive } from '../../scripts/lib/accounts.ts';
import { Folder } from '../../scripts/lib/folder.ts';
import { runtimeOptions } from '../../scripts/lib/network.ts';
import { freePort } from '../../scripts/lib/ports.ts';
import { binEnvironment } from '../../scripts/lib/run.ts';
import { type RuntimeProcess, startRuntimeProcess } from '../../scripts/lib/runtime-process.ts';
import { type DemoDevice, registerDemo } from '../../scripts/register-demo.ts';
import { type Passed, startWire } from '../support/wire.ts';
import { type FleetVerdict, judgeFleet, type Promised } from './fleet-judge.ts';
import type { FleetTask } from './fleet-entry.ts';
import type { FleetPlan, Kill, Victim } from './fleet-plan.ts';
import { faultsOf, measuredBy, memoriesOf, readRegions } from './fleet-truth.ts';

export type FleetRun = {
  readonly plan: FleetPlan;
  /** Those that hit something that ran. */
  readonly kills: readonly Victim[];
  /** Stretches of hours by what the simulator did in them. */
  readonly faults: ReadonlyMap<string, number>;
  readonly verdict: FleetVerdict;
};

/** No part of this asks the chain. */
const NO_CHAIN = 'http://127.0.0.1:1';
const NOBODY = `0x${'01'.repeat(20)}` as const;
const NO_CONTRACTS = { token: NOBODY, distributor: NOBODY, burnAuction: NOBODY, usdc: NOBODY };
/** A device that finds no network gives up for an hour: then the fleet is started again. */
const MOST_STARTS = 5;

export async function runFleetPlan(plan: FleetPlan): Promise<FleetRun> {
  const dir = mkdtempSync(join(tmpdir(), 'isobar-fleet-chaos-'));
  const port = await freePort();
  const answers = new Answers();
  const wire = await startWire(port, (passed) => answers.take(passed));
  const folder = Folder.open(dir, false);
  const { vars, ...options } = runtimeOptions(folder, folder.seed(), NO_CHAIN, NO_CONTRACTS, port);
  const authorities = `${wire.authority},127.0.0.1:${port}`;
  const startNetwork = (): Promise<RuntimeProcess> =>
    startRuntimeProcess({ ...options, vars: { ...vars, AUTHORITIES: authorities }, cronMs: null });
  let network = await startNetwork();
  const adminToken = derive(folder.seed(), 'admin-token');
  const api = `http://${wire.authority}`;
  const fleetDir = join(dir, 'fleet');
  let fleet: Fleet | null = null;
  try {
    const devices = await fleetOf({ api, adminToken, dir, fleetSize: plan.devices, owners: [NOBODY] });
    const start = (): Fleet => new Fleet({ devices, stateDir: fleetDir, plan });
    fleet = start();
    const kills: Victim[] = [];
    for (const kill of plan.kills) {
      if (!(await answers.reach(kill, fleet.ended))) break;
      const { victim } = kill;
      await Promise.all([victim === 'fleet' ? null : network.kill(), victim === 'network' ? null : fleet.kill()]);
      if (victim !== 'fleet') network = await startNetwork();
      if (victim !== 'network') fleet = start();
      kills.push(victim);
    }
    await fleet.ended;
    for (let starts = 1; (await memoriesOf(devices, fleetDir)).isBehind; starts++) {
      if (starts === MOST_STARTS) throw new Error('the fleet does not catch up');
      fleet = start();
      await fleet.ended;
    }
    const { sentThrough, firstHour } = await memoriesOf(devices, fleetDir);
    const { due, optional } = await measuredBy(devices, plan, firstHour, sentThrough);
    const regions = await readRegions({ api, adminToken }, devices, () => network.kill(), options.dir);
    const verdict = judgeFleet(regions, answers.promised, due, optional);
    return { plan, kills, faults: await faultsOf(devices, plan, firstHour, sentThrough), verdict };
  } finally {
    await fleet?.kill();
    await network.kill();
    await wire.close();
    rmSync(dir, { recursive: true });
  }
}

async function fleetOf(options: Parameters<typeof registerDemo>[0]): Promise<readonly DemoDevice[]> {
  const devices = await registerDemo(options);
  return devices.filter(({ spare }) => !spare);
}

/** What the network has told devices over the wire. */
class Answers {
  readonly promised: Promised[] = [];
  #since = 0;
  #heard: () => void = () => {};

  take({ path, status, body }: Passed): void {
    if (!path.includes('/readings/') || (status !== 200 && status !== 201)) return;
    const { receipt, device } = JSON.parse(body.toString()) as Promised;
    this.promised.push({ receipt, device });
    this.#since++;
    this.#heard();
  }

  /** @return false: the fleet came to its end before */
  async reach({ afterReceipts, andMs }: Kill, ended: Promise<unknown>): Promise<boolean> {
    this.#since = 0;
    const reached = new Promise<true>((resolve) => {
      this.#heard = () => {
        if (this.#since >= afterReceipts) resolve(true);
      };
      this.#heard();
    });
    const isReached = await Promise.race([reached, ended.then(() => false)]);
    await pause(andMs);
    return isReached;
  }
}

class Fleet {
  readonly #process: ChildProcess;
  /** Rejects where it ended in trouble; killed is none. */
  readonly ended: Promise<void>;

  constructor(task: FleetTask) {
    const child = fork(join(import.meta.dirname, 'fleet-entry.ts'), [], {
      env: binEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let complaint = '';
    child.stderr?.on('data', (part: Buffer) => (complaint = (complaint + part.toString()).slice(-4000)));
    this.ended = new Promise((resolve, reject) => {
      child.once('exit', (code, signal) => {
        if (code === 0 || signal === 'SIGKILL') resolve();
        else reject(new Error(`the fleet ended with ${code ?? signal}: ${complaint.trim()}`));
      });
    });
    // Waited for later than it may fail.
    this.ended.catch(() => {});
    child.send(task);
    this.#process = child;
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.ended;
  }
}
