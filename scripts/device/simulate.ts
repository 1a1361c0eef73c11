import { join } from 'node:path';
import { ATTACK_NAMES, type AttackName, isAttackName } from '../../sensors/simulator/attacks/catalogue.ts';
import { runFleet, UnsuitableStation } from '../../sensors/simulator/fleet.ts';
import { FolderInUse } from '../../sensors/client/lock.ts';
import { type Flags, numberFlag, readArguments, requireFlag, UsageError } from '../command-line.ts';
import { done, Refusal } from '../lib/say.ts';
import { apiAndToken, DEFAULT_DIR, readLocalNetwork } from '../local-network.ts';
import { type DemoDevice, registerDemo } from '../register-demo.ts';
import { readRules } from './network-rules.ts';

export async function simulate(args: readonly string[]): Promise<void> {
  const { flags, has } = readArguments(args, {
    values: ['fleet', 'seed', 'api', 'token', 'owner', 'dir', 'concurrency', 'attack', 'station'],
    switches: ['backfill-only'],
  });
  const dir = flags['dir'] ?? DEFAULT_DIR;
  const { api, devices } = await fleetOf(flags, dir);
  const attack = attackOf(flags, devices);
  const rules = await readRules(api);
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const seed = flags['seed'];
  const concurrency = numberFlag(flags, 'concurrency');
  try {
    await runFleet(
      {
        devices,
        rules,
        stateDir: join(dir, 'fleet'),
        signal: stopping.signal,
        isBackfillOnly: has('backfill-only'),
        ...(seed !== undefined && { seed }),
        ...(attack !== undefined && { attack }),
        ...(concurrency !== undefined && { concurrency }),
      },
      (line) => console.log(line),
    );
  } catch (error) {
    throw error instanceof FolderInUse || error instanceof UnsuitableStation ? new Refusal(error.message) : error;
  } finally {
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
  }
  done('the fleet has stopped; the next start goes on from here');
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
  if (flags['owner'] !== undefined) {
    const { api, token } = await apiAndToken({ api: flags['api'], token: flags['token'], dir });
    const owners = [requireFlag(flags, 'owner')];
    const all = await registerDemo({
      api,
      adminToken: token,
      dir,
      fleetSize: size ?? Number.POSITIVE_INFINITY,
      owners,
    });
    return { api, devices: all.filter(({ spare }) => !spare) };
  }
  const local = await readLocalNetwork(dir);
  if (!local) throw new Refusal(`no network in ${dir}: start one with npm start, or give --api, --token and --owner`);
  const fleet = local.devices.filter(({ spare }) => !spare);
  if (fleet.length === 0) throw new Refusal(`${dir}/local.json has no fleet; register one with --owner 0x...`);
  return { api: flags['api'] ?? local.api, devices: fleet.slice(0, size ?? fleet.length) };
}
