import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { TimeRules } from '../../core/rules/rule-set.ts';
import { hourStartMs, rfc3339 } from '../../core/time.ts';
import { ATTACK_NAMES, type AttackName, isAttackName } from '../../sensors/simulator/attacks/catalogue.ts';
import { type FleetSummary, runFleet, UnsuitableStation } from '../../sensors/simulator/fleet.ts';
import { scoreLines, scoreOf } from '../../sensors/simulator/labels.ts';
import { tableLines } from '../../sensors/simulator/tally.ts';
import { FAULT_NAMES, isFaultName, type Weather } from '../../sensors/simulator/weather.ts';
import { FolderInUse } from '../../sensors/client/lock.ts';
import { type Flags, numberFlag, readArguments, requireFlag, UsageError } from '../command-line.ts';
import { done, Refusal } from '../lib/say.ts';
import { apiAndToken, DEFAULT_DIR, readLocalNetwork } from '../local-network.ts';
import { ownerAddress } from '../registry/acts.ts';
import { type DemoDevice, registerDemo } from '../register-demo.ts';
import { FlagWatch } from './flag-watch.ts';
import { readRules } from './network-rules.ts';

export async function simulate(args: readonly string[]): Promise<void> {
  const { flags, has } = readArguments(args, {
    values: [
      'fleet',
      'seed',
      'api',
      'token',
      'owner',
      'dir',
      'concurrency',
      'attack',
      'station',
      'faults',
      'attacks',
      'labels',
    ],
    switches: ['backfill-only', 'mix'],
  });
  const dir = flags['dir'] ?? DEFAULT_DIR;
  const weather = weatherOf(flags['faults']);
  const attacks = attacksOf(flags['attacks']);
  const { api, devices } = await fleetOf(flags, dir);
  const attack = attackOf(flags, devices);
  const rules = await readRules(api);
  const watch = new FlagWatch(api, devices, rules.time);
  const isScored = weather !== undefined || attacks.length > 0 || attack !== undefined;
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const seed = flags['seed'];
  const concurrency = numberFlag(flags, 'concurrency');
  const polling = isScored ? setInterval(() => void watch.look().catch(() => undefined), POLL_MS) : undefined;
  try {
    const summary = await runFleet(
      {
        devices,
        rules,
        stateDir: join(dir, 'fleet'),
        signal: stopping.signal,
        isBackfillOnly: has('backfill-only'),
        ...(seed !== undefined && { seed }),
        ...(attack !== undefined && { attack }),
        ...(weather !== undefined && { weather }),
        attacks,
        isMixed: has('mix'),
        ...(concurrency !== undefined && { concurrency }),
      },
      (line) => console.log(line),
    );
    for (const line of tableLines(summary.tally)) console.log(line);
    if (isScored) {
      const file = flags['labels'] ?? join(dir, 'fleet', 'labels.json');
      await writeFile(file, `${JSON.stringify(labelFile(summary, devices, rules.time), null, 1)}\n`);
      await score(watch, summary, has('backfill-only') ? stopping.signal : null);
      done(`what was injected is in ${file}`);
    }
  } catch (error) {
    throw error instanceof FolderInUse || error instanceof UnsuitableStation ? new Refusal(error.message) : error;
  } finally {
    clearInterval(polling);
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
  }
  done('the fleet has stopped; the next start goes on from here');
}

const POLL_MS = 15_000;
/** A catch-up is judged some time after it was sent. */
const MOST_WAIT_MS = 120_000;

/** @param waiting null: what is judged by now counts */
async function score(
  watch: FlagWatch,
  { firstHour, labels }: FleetSummary,
  waiting: AbortSignal | null,
): Promise<void> {
  const lastHour = Math.max(0, ...labels.map(({ untilHour }) => untilHour));
  const giveUpMs = Date.now() + MOST_WAIT_MS;
  await watch.look();
  while (waiting?.aborted === false && watch.closedUntilHour - firstHour < lastHour && Date.now() < giveUpMs) {
    await setTimeout(1000);
    await watch.look();
  }
  const judged = watch.closedUntilHour - firstHour;
  console.log(`judged: ${Math.max(0, judged)} hours of ${lastHour}`);
  for (const line of scoreLines(scoreOf(labels, watch.flagged(firstHour), judged))) console.log(line);
}

function labelFile({ firstHour, labels }: FleetSummary, devices: readonly DemoDevice[], rules: TimeRules): unknown {
  const dids = new Map(devices.map(({ station, did }) => [station, did]));
  const time = (hour: number): string => rfc3339(hourStartMs(firstHour + hour, rules));
  return labels.map(({ station, name, fromHour, untilHour }) => ({
    device: dids.get(station) ?? null,
    station,
    name,
    from: time(fromHour),
    until: time(untilHour),
  }));
}

/** Without names all of them, without a number half of the devices in two days. */
function weatherOf(given: string | undefined): Weather | undefined {
  if (given === undefined) return undefined;
  const words = given.split(',').map((word) => word.trim());
  const rates = words.filter((word) => /^[\d.]+$/.test(word)).map(Number);
  const names = words.filter((word) => !/^[\d.]+$/.test(word) && word !== 'all');
  const strange = names.find((name) => !isFaultName(name));
  const [rate = 0.5] = rates;
  if (strange !== undefined)
    throw new UsageError(`there is no fault "${strange}"; there are ${FAULT_NAMES.join(', ')}`);
  if (rates.length > 1 || !(rate >= 0 && rate <= 1)) throw new UsageError('a rate of faults is one number from 0 to 1');
  return { rate, faults: names.length === 0 ? FAULT_NAMES : names.filter(isFaultName) };
}

function attacksOf(given: string | undefined): readonly AttackName[] {
  if (given === undefined) return [];
  if (given === 'all') return ATTACK_NAMES;
  return given.split(',').map((name) => {
    if (!isAttackName(name)) throw new UsageError(`there is no attack "${name}"; there are ${ATTACK_NAMES.join(', ')}`);
    return name;
  });
}

function attackOf(
  flags: Flags,
  devices: readonly DemoDevice[],
): { readonly name: AttackName; readonly station: string } | undefined {
  if (flags['attack'] === undefined && flags['station'] === undefined) return undefined;
  const name = requireFlag(flags, 'attack');
  const station = requireFlag(flags, 'station');
  if (!isAttackName(name)) throw new UsageError(`there is no attack "${name}"; there are ${ATTACK_NAMES.join(', ')}`);
  if (!devices.some((device) => device.station === station)) {
    throw new UsageError(`no station "${station}" in the fleet; there are ${devices.map((d) => d.station).join(', ')}`);
  }
  return { name, station };
}

/** The devices of the running network, or, given a token and an owner, new ones registered at `--api`. */
async function fleetOf(
  flags: Flags,
  dir: string,
): Promise<{ readonly api: string; readonly devices: readonly DemoDevice[] }> {
  const size = numberFlag(flags, 'fleet');
  if (size !== undefined && !(Number.isInteger(size) && size > 0))
    throw new UsageError(`--fleet ${size} is no number of devices`);
  if (flags['owner'] !== undefined) {
    const owner = ownerAddress(flags['owner']);
    const { api, token } = await apiAndToken({ api: flags['api'], token: flags['token'], dir });
    const all = await registerDemo({
      api,
      adminToken: token,
      dir,
      fleetSize: size ?? Number.POSITIVE_INFINITY,
      owners: [owner],
    });
    return { api, devices: all.filter(({ spare }) => !spare) };
  }
  const local = await readLocalNetwork(dir);
  if (!local) throw new Refusal(`no network in ${dir}: start one with npm start, or give --api, --token and --owner`);
  const fleet = local.devices.filter(({ spare }) => !spare);
  if (fleet.length === 0) throw new Refusal(`${dir}/local.json has no fleet; register one with --owner 0x...`);
  return { api: flags['api'] ?? local.api, devices: fleet.slice(0, size ?? fleet.length) };
}
