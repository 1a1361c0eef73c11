/**
 * `npm start`: the whole network on this machine. Starts chain, contracts, Workers, devices and fleet one after another,
 * says each step, then watches. Ctrl-C stops all of it and nothing else; the next start continues.
 */
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { LOCAL_RULES } from '../core/rules/local.ts';
import { runFleet } from '../sensors/simulator/fleet.ts';
import { LOCAL_CHAIN_ID } from './lib/chain.ts';
import { epochNews, readEpochs } from './lib/epoch-news.ts';
import { ROOT } from './lib/files.ts';
import { Folder } from './lib/folder.ts';
import { type Network, startNetwork } from './lib/network.ts';
import { run } from './lib/run.ts';
import { bold, dim, done, Refusal, runCommand, yellow } from './lib/say.ts';
import { DEFAULT_DIR } from './local-network.ts';
import { type DemoDevice, registerDemo } from './register-demo.ts';

const HELP = `npm start [-- OPTIONS]

  Starts a whole Isobar network on this machine: an OP-mode chain with the contracts, the Workers with database,
  objects and pages, and a fleet that replays real stations. Ctrl-C stops it; the next start continues.

  --fleet N      stations that report (default: all of data/slices)
  --no-fleet     no stations; only the two spare devices are registered
  --fresh        forget the network of this folder and begin anew
  --port N       of page and API (default: 8787, or the next free one)
  --chain-port N of the chain's RPC (default: 8545, or the next free one)
  --dir FOLDER   where everything is kept (default: ${DEFAULT_DIR})
  --help         this text`;

const LOOK_EVERY_MS = 3_000;
/** A pressed Ctrl-C comes twice under npm: from the terminal, and passed on by npm a moment later. */
const SAME_KEYPRESS_MS = 1_000;

type Options = {
  readonly dir: string;
  readonly fresh: boolean;
  readonly fleetSize: number;
  readonly port: number | undefined;
  readonly chainPort: number | undefined;
};

function readOptions(args: readonly string[]): Options | null {
  const values = parseOptions(args);
  if (values.help) {
    console.log(HELP);
    return null;
  }
  const whole = (name: 'fleet' | 'port' | 'chain-port', most: number): number | undefined => {
    const text = values[name];
    if (text === undefined) return undefined;
    if (/^\d+$/.test(text) && Number(text) <= most) return Number(text);
    throw new Refusal(`--${name} must be a whole number up to ${most}, not "${text}".`);
  };
  const fleetSize = whole('fleet', 100_000);
  if (values['no-fleet'] && fleetSize !== undefined) throw new Refusal('give --fleet N or --no-fleet, not both.');
  return {
    dir: values.dir,
    fresh: values.fresh,
    fleetSize: values['no-fleet'] ? 0 : (fleetSize ?? Number.POSITIVE_INFINITY),
    port: whole('port', 65_535),
    chainPort: whole('chain-port', 65_535),
  };
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        fleet: { type: 'string' },
        'no-fleet': { type: 'boolean', default: false },
        fresh: { type: 'boolean', default: false },
        port: { type: 'string' },
        'chain-port': { type: 'string' },
        dir: { type: 'string', default: DEFAULT_DIR },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new Refusal(
      `${error instanceof Error ? error.message.split('. ')[0] : String(error)}; see \`npm start -- --help\`.`,
    );
  }
}

async function start(options: Options): Promise<void> {
  const beganMs = Date.now();
  const stopping = new AbortController();
  const folder = Folder.open(options.dir, options.fresh);
  stopOnSignal(stopping, folder);
  try {
    await buildPage();
    const { chainPort } = options;
    const network = await startNetwork({
      folder,
      port: options.port,
      ...(chainPort !== undefined && { chainPort }),
      onStep: done,
      onLog: ({ level, message }) => {
        if (level === 'error') tell(yellow(oneLine(message)));
      },
    });
    try {
      if (stopping.signal.aborted) return;
      const devices = await register(network, folder.dir, options.fleetSize);
      writeLocalFile(network, folder, devices);
      introduce(network, folder.dir, beganMs);
      await Promise.race([watch(network, folder, devices, stopping), untilSomethingEnds(network, stopping.signal)]);
    } finally {
      stopping.abort();
      tell(dim('stopping'));
      await network.stop();
    }
  } finally {
    folder.unlock();
  }
  done('everything is stopped; `npm start` continues from here');
}

/** The first Ctrl-C stops in order, the second at once. */
function stopOnSignal(stopping: AbortController, folder: Folder): void {
  let firstMs = Number.POSITIVE_INFINITY;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (Date.now() - firstMs > SAME_KEYPRESS_MS) {
        folder.killChildren();
        folder.unlock();
        process.exit(130);
      }
      firstMs = Math.min(firstMs, Date.now());
      stopping.abort();
    });
  }
}

async function buildPage(): Promise<void> {
  const sinceMs = Date.now();
  const { exitCode, output } = await run(['node', 'scripts/build-web.ts']);
  if (exitCode !== 0 && !existsSync(join(ROOT, 'web/dist/index.html'))) {
    throw new Refusal(`the page could not be built:\n${output.trim()}`);
  }
  done('page built', sinceMs);
}

async function register(network: Network, dir: string, fleetSize: number): Promise<readonly DemoDevice[]> {
  const sinceMs = Date.now();
  const { api, adminToken } = network;
  const owners = network.accounts.owners.map(({ address }) => address);
  const operator = network.accounts.regionalOperator.address;
  const devices = await registerDemo({ api, adminToken, dir, fleetSize, owners, operator });
  done(`${owners.length} owners and ${devices.length} devices registered`, sinceMs);
  return devices;
}

/** What commands and scripts of this machine need to know. */
function writeLocalFile(network: Network, folder: Folder, devices: readonly DemoDevice[]): void {
  const { buyer, owners, regionalOperator, treasury, guardian, admin } = network.accounts;
  folder.writeJson('local.json', {
    api: network.api,
    web: `${network.api}/`,
    rpc: network.chain.rpc,
    chainId: LOCAL_CHAIN_ID,
    contracts: network.contracts,
    accounts: { buyer, owner: owners[0], regionalOperator, treasury, guardian, admin, owners },
    adminToken: network.adminToken,
    devices,
  });
}

function introduce(network: Network, dir: string, beganMs: number): void {
  const { buyer, owners, guardian, admin } = network.accounts;
  const flag = relative(process.cwd(), dir) === DEFAULT_DIR ? '' : ` --dir ${relative(process.cwd(), dir)}`;
  const epochMinutes = LOCAL_RULES.time.epochSeconds / 60;
  console.log(`
${bold(`The network runs${dim(` (${((Date.now() - beganMs) / 1000).toFixed(0)} s)`)}`)}
  page     ${network.api}/
  API      ${network.api}/v1/status
  chain    ${network.chain.rpc} (id ${LOCAL_CHAIN_ID})
  token    ${network.contracts.token}

  buyer    ${buyer.address} (1,000 test USDC)
  owners   ${owners.map(({ address }) => address).join('\n           ')}
  guardian ${guardian.address}
  admin    ${admin.address}
  ${dim(`keys and devices: ${relative(process.cwd(), join(dir, 'local.json'))}`)}

${bold('Try in another terminal')}
  npm run device -- send --quantity temp --value 21.4${flag}     send a signed reading
  npm run buy${flag === '' ? '' : ` --${flag}`}     buy a query, paid in test USDC
  npm run verify:epoch${flag === '' ? '' : ` --${flag}`}     recompute the newest final epoch and compare it with the chain

Here an hour lasts ${LOCAL_RULES.time.hourSeconds} s and an epoch ${epochMinutes} min. Ctrl-C stops everything.
`);
}

async function watch(
  network: Network,
  folder: Folder,
  devices: readonly DemoDevice[],
  stopping: AbortController,
): Promise<void> {
  const fleet = devices.filter(({ spare }) => !spare);
  const running = [watchEpochs(network.api, stopping.signal)];
  if (fleet.length > 0) {
    done(`fleet of ${fleet.length} stations started`);
    const stateDir = folder.path('fleet');
    const { signal } = stopping;
    running.push(
      runFleet({ devices: fleet, rules: LOCAL_RULES, stateDir, signal }, (line) => tell(`fleet: ${line}`)).then(
        () => {},
      ),
    );
  }
  await Promise.all(running);
}

async function watchEpochs(api: string, signal: AbortSignal): Promise<void> {
  const known = new Map<number, Awaited<ReturnType<typeof readEpochs>>[number]['state']>();
  let first = true;
  while (!signal.aborted) {
    // A look that fails is no news; untilSomethingEnds says when the Workers are gone.
    const epochs = await readEpochs(api).catch(() => []);
    if (!first) for (const line of epochNews(known, epochs)) tell(line);
    for (const { epoch, state } of epochs) known.set(epoch, state);
    first = false;
    await pause(LOOK_EVERY_MS, signal);
  }
}

/** Chain and Workers run until they are stopped; whoever ends before that takes the network with it. */
async function untilSomethingEnds(network: Network, signal: AbortSignal): Promise<void> {
  const ended = await Promise.race([
    network.chain.ended.then(() => 'the chain (anvil)'),
    network.runtime.ended.then(() => 'the Workers'),
    new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true })),
  ]);
  if (ended !== null)
    throw new Refusal(`${ended} ended unexpectedly; \`npm start\` continues from the last saved state.`);
  // Stopping: the fleet still writes its state down, which `watch` waits for.
  await new Promise(() => {});
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener('abort', finish, { once: true });
  });
}

function tell(line: string): void {
  console.log(`${dim(new Date().toISOString().slice(11, 19))} ${line}`);
}

const oneLine = (text: string): string => (text.split('\n')[0] ?? '').slice(0, 300);

// Last: constants above must exist before the first line of it runs.
await runCommand(async () => {
  const options = readOptions(process.argv.slice(2));
  if (options) await start(options);
});
