/** `npm run admin`: the registry's commands, over the network's admin routes. */
import { createAdminClient, type AdminClient, type DeviceRecord, orRefuse } from './admin-client.ts';
import {
  type Arguments,
  readArguments,
  requireFlag,
  requireNumber,
  runSubcommand,
  numberFlag,
  UsageError,
} from './command-line.ts';
import { done, isMain } from './lib/say.ts';
import { apiAndToken, DEFAULT_DIR } from './local-network.ts';
import { publicElevation, publicPlaceOf, regionBoundary, regionCell } from './place.ts';

const HELP = `npm run admin -- COMMAND

  region add --name NAME (--cell CELL | --lat N --lon N)     opens a region (an H3 cell of resolution 3)
  region set-operator --cell CELL --operator 0x...|none      who gets 5 % of what its devices sell; none: the treasury
  device add --did DID --lat N --lon N --owner 0x...         registers a device
             [--elevation M] [--name NAME] [--tier 0|1|2] [--status claimed|active]
  device set-status --did DID --status active|quarantined|retired|claimed
  maintenance --did DID --from TIME --until TIME             the device's readings between are not judged, sold or missed
  recall --did DID --from TIME --until TIME --reason TEXT [--quantity CODE,CODE]
                                                             tells the public and its buyers that this data is false
  refold                                                     throws away what was derived from the logs and derives it again
  minter resume                                              lets the Minter go on after a revocation, or after somebody else
                                                             used its key: read docs/operations.md first

  Every command takes --api URL, --token TOKEN and --dir FOLDER. Without them the network of "npm start" is meant
  (.isobar/local.json); the token may also stand in ISOBAR_ADMIN_TOKEN. Times are RFC 3339: 2026-11-22T09:00:00Z.`;

const COMMON = ['api', 'token', 'dir'];

async function clientOf({ flags }: Arguments): Promise<AdminClient> {
  const { api, token } = await apiAndToken({
    api: flags['api'],
    token: flags['token'],
    dir: flags['dir'] ?? DEFAULT_DIR,
  });
  return createAdminClient(api, token);
}

async function region(args: readonly string[]): Promise<void> {
  const read = readArguments(args, { words: 1, values: [...COMMON, 'name', 'cell', 'lat', 'lon', 'operator'] });
  if (read.words[0] === 'set-operator') return setOperator(read);
  if (read.words[0] !== 'add') throw new UsageError('region knows two commands: add, set-operator');
  const name = requireFlag(read.flags, 'name');
  const given = read.flags['cell'];
  const cell = given === undefined ? publicPlaceOf(positionOf(read)).cell : regionCell(given);
  orRefuse(await (await clientOf(read)).putRegion(cell, { name, boundary: regionBoundary(cell) }));
  done(`region ${cell} is open: ${name}`);
}

async function setOperator(read: Arguments): Promise<void> {
  const cell = regionCell(requireFlag(read.flags, 'cell'));
  const operator = requireFlag(read.flags, 'operator');
  orRefuse(await (await clientOf(read)).putOperator(cell, operator === 'none' ? null : operator));
  done(operator === 'none' ? `region ${cell} has no operator` : `region ${cell} is operated by ${operator}`);
}

const positionOf = ({ flags }: Arguments) => ({
  latitude: requireNumber(flags, 'lat'),
  longitude: requireNumber(flags, 'lon'),
});

async function device(args: readonly string[]): Promise<void> {
  const [command, ...rest] = args;
  if (command === 'add') return addDevice(rest);
  if (command === 'set-status') return setStatus(rest);
  throw new UsageError('device knows two commands: add, set-status');
}

/** Also behind `npm run device -- claim`, until owners claim with their wallet. */
export async function addDevice(args: readonly string[]): Promise<void> {
  const values = [...COMMON, 'did', 'lat', 'lon', 'owner', 'elevation', 'name', 'tier', 'status'];
  const read = readArguments(args, { values });
  const { flags } = read;
  const did = requireFlag(flags, 'did');
  const owner = requireFlag(flags, 'owner');
  const place = publicPlaceOf(positionOf(read));
  const { api, token } = await apiAndToken({
    api: flags['api'],
    token: flags['token'],
    dir: flags['dir'] ?? DEFAULT_DIR,
  });
  const registered = orRefuse(
    await createAdminClient(api, token).putDevice(did, {
      version: 0,
      ...place,
      status: statusOf(flags['status'] ?? 'active'),
      owner,
      displayName: flags['name'] ?? `Station ${did.slice(-6)}`,
      elevationM: publicElevation(numberFlag(flags, 'elevation') ?? null),
      tier: tierOf(numberFlag(flags, 'tier') ?? 0),
    }),
  );
  done(`${did} is registered in region ${place.cell}, version ${registered.version}`);
  console.log(`  post to ${new URL(registered.ingestPath, api).href}`);
}

async function setStatus(args: readonly string[]): Promise<void> {
  const read = readArguments(args, { values: [...COMMON, 'did', 'status'] });
  const did = requireFlag(read.flags, 'did');
  const status = statusOf(requireFlag(read.flags, 'status'));
  const client = await clientOf(read);
  const { version, cell, owner, displayName, place, latitudeE5, longitudeE5, elevationM, tier } = orRefuse(
    await client.getDevice(did),
  );
  const record: DeviceRecord = {
    version,
    cell,
    status,
    owner,
    displayName,
    place,
    latitudeE5,
    longitudeE5,
    elevationM,
    tier,
  };
  const registered = orRefuse(await client.putDevice(did, record));
  done(`${displayName} is ${status}, version ${registered.version}`);
}

async function maintenance(args: readonly string[]): Promise<void> {
  const read = readArguments(args, { values: [...COMMON, 'did', 'from', 'until'] });
  const did = requireFlag(read.flags, 'did');
  const [from, until] = [timeOf(requireFlag(read.flags, 'from')), timeOf(requireFlag(read.flags, 'until'))];
  orRefuse(await (await clientOf(read)).addMaintenance(did, from, until));
  done(`${did} is under maintenance from ${from} until ${until}`);
}

async function recall(args: readonly string[]): Promise<void> {
  const read = readArguments(args, { values: [...COMMON, 'did', 'from', 'until', 'reason', 'quantity'] });
  const did = requireFlag(read.flags, 'did');
  const [from, until] = [timeOf(requireFlag(read.flags, 'from')), timeOf(requireFlag(read.flags, 'until'))];
  const quantities = read.flags['quantity']?.split(',').map((code) => code.trim()) ?? null;
  const reason = requireFlag(read.flags, 'reason');
  orRefuse(await (await clientOf(read)).addRecall(did, { from, until, reason, quantities }));
  done(`what ${did} measured from ${from} until ${until} is recalled; buyers with a webhook are told within the hour`);
}

async function refold(args: readonly string[]): Promise<void> {
  const client = await clientOf(readArguments(args, { values: COMMON }));
  const since = Date.now();
  console.log(JSON.stringify(orRefuse(await client.refold()), null, 2));
  done('refolded', since);
}

async function minter(args: readonly string[]): Promise<void> {
  const read = readArguments(args, { words: 1, values: COMMON });
  if (read.words[0] !== 'resume') throw new UsageError('minter knows one command: resume');
  const { done: resumed, waits } = orRefuse(await (await clientOf(read)).resumeMinter());
  for (const line of [...resumed, ...waits]) console.log(line);
  done(resumed.length + waits.length === 0 ? 'nothing was stopped' : `resumed, ${waits.length} to be repeated later`);
}

function statusOf(text: string): DeviceRecord['status'] {
  if (text === 'claimed' || text === 'active' || text === 'quarantined' || text === 'retired') return text;
  throw new UsageError(`--status ${text}: one of claimed, active, quarantined, retired`);
}

function tierOf(tier: number): DeviceRecord['tier'] {
  if (tier === 0 || tier === 1 || tier === 2) return tier;
  throw new UsageError(`--tier ${tier}: one of 0, 1, 2`);
}

function timeOf(text: string): string {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new UsageError(`${text} is no time; write 2026-11-22T09:00:00Z`);
  return new Date(ms).toISOString();
}

if (isMain(import.meta.url)) {
  const subcommands = new Map([
    ['region', region],
    ['device', device],
    ['maintenance', maintenance],
    ['recall', recall],
    ['refold', refold],
    ['minter', minter],
  ]);
  await runSubcommand(HELP, subcommands, process.argv.slice(2));
}
