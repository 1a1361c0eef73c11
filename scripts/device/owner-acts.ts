/** What happens to a device after its claim: relocate, maintenance, transfer, retire. Each is one signed act. */
import { readFile, writeFile } from 'node:fs/promises';
import { type DeviceId, parseDeviceId } from '../../core/ids.ts';
import type { ActOf, Hex } from '../../core/lifecycle/act.ts';
import { actFields, parseAct } from '../../core/lifecycle/parse-act.ts';
import type { ExactPosition } from '../../core/lifecycle/position.ts';
import { parseOwnerSignature } from '../../core/lifecycle/signed-act.ts';
import type { Result } from '../../core/result.ts';
import type { NetworkProblem } from '../../sensors/client/problem.ts';
import { orRefuse } from '../admin-client.ts';
import { type Flags, isHttpAddress, numberFlag, readArguments, requireFlag, UsageError } from '../command-line.ts';
import { confirm } from '../lib/confirm.ts';
import { bold, dim, done, Refusal } from '../lib/say.ts';
import { exactPosition, issuedNow, ownerAddress, ownerOf, placed, readTerms, signAct } from '../registry/acts.ts';
import { postAct, type Registered } from '../registry/routes.ts';
import { apiOf, openDevice, type OpenDevice } from './open.ts';
import { requireOwner } from './owner-key.ts';
import { readSite, SITE_FLAGS } from './site.ts';
import { stateFileOf, withPosition, writeState } from './state.ts';

const OF_A_DEVICE = ['key', 'did', 'owner-key', 'api', 'dir'];

/** The device by its files, or by its id alone where they are elsewhere. */
type Named = { readonly did: DeviceId; readonly api: string; readonly files: OpenDevice | null };

async function named(flags: Flags): Promise<Named> {
  if (flags['did'] !== undefined) {
    const did = parseDeviceId(flags['did']);
    if (!did.ok) throw new UsageError(`--did ${flags['did']} is no device id`);
    return { did: did.value, api: await apiOf(flags, null), files: null };
  }
  const files = await openDevice(flags);
  return { did: files.key.did, api: await apiOf(flags, files.state), files };
}

export async function relocate(args: readonly string[]): Promise<void> {
  const { flags } = readArguments(args, { values: [...OF_A_DEVICE, ...SITE_FLAGS] });
  const read = readSite(flags);
  if (!read.ok) throw new UsageError(read.wrong.map((sentence) => `--${sentence}`).join('; '));
  const { did, api, files } = await named(flags);
  const owner = await requireOwner(flags, api);
  const terms = await readTerms(api);
  const position = exactPosition(read.site);
  const act: ActOf<'relocate'> = {
    kind: 'relocate',
    device: did,
    owner: ownerOf(owner),
    ...placed(position),
    issuedAt: issuedNow(terms),
  };
  const kept = await keepPosition(files, position);
  const answer = orRefuse(await postAct(api, act, { ownerSignature: await signAct(owner, act, terms), position }, []));
  done(`${did} stands in cell ${act.place} now; its reputation falls with the distance it was moved`);
  await remember(kept, api, answer);
}

/** Before it is sent: the network may take what is never answered. */
async function keepPosition(files: OpenDevice | null, position: ExactPosition): Promise<OpenDevice | null> {
  if (files === null) {
    console.log(dim('Keep this: the network does not, and without the salt nobody can show later what was signed'));
    console.log(`  ${JSON.stringify(position)}`);
    return null;
  }
  const state = withPosition(files.state, position);
  await writeState(files.keyFile, state);
  return { ...files, state };
}

async function remember(files: OpenDevice | null, api: string, { ingestUrl, region }: Registered): Promise<void> {
  console.log(`  posts to ${ingestUrl}`);
  if (files === null) {
    console.log(dim('  its files are not here: give it this address where it runs'));
    return;
  }
  await writeState(files.keyFile, { ...files.state, api, address: { ingestUrl, region } });
}

export async function maintenance(args: readonly string[]): Promise<void> {
  const { flags } = readArguments(args, { values: [...OF_A_DEVICE, 'from', 'until', 'hours'] });
  const { did, api, files } = await named(flags);
  const terms = await readTerms(api);
  const issuedAt = issuedNow(terms);
  const from = flags['from'] === undefined ? issuedAt : secondsOf(flags['from']);
  const act: ActOf<'maintenance'> = { kind: 'maintenance', device: did, from, until: untilOf(flags, from), issuedAt };
  if (act.until <= act.from) throw new UsageError('maintenance ends after it begins');
  // The person at the device has its key; the owner may be elsewhere.
  const posted: Result<unknown, NetworkProblem> =
    files !== null && flags['owner-key'] === undefined
      ? await postAct(api, act, {}, [{ label: 's', key: files.key }])
      : await postAct(api, act, { ownerSignature: await signAct(await requireOwner(flags, api), act, terms) }, []);
  orRefuse(posted);
  done(`${did} is under maintenance from ${timeOf(act.from)} until ${timeOf(act.until)}`);
  console.log(
    dim('  what it measures then is kept, and neither judged nor sold; npm run device -- status says what is left'),
  );
}

function untilOf(flags: Flags, from: number): number {
  const hours = numberFlag(flags, 'hours');
  if ((hours === undefined) === (flags['until'] === undefined)) throw new UsageError('give --until TIME or --hours N');
  return hours === undefined ? secondsOf(requireFlag(flags, 'until')) : from + Math.round(hours * 3600);
}

/** What the seller signs and hands over; good for as long as the network takes acts of that time. */
type Offer = {
  readonly kind: 'isobar-transfer';
  readonly version: 1;
  readonly api: string;
  readonly act: ReturnType<typeof actFields>;
  readonly ownerSignature: Hex;
};

export async function transfer(args: readonly string[]): Promise<void> {
  const { flags, has } = readArguments(args, { values: [...OF_A_DEVICE, 'to', 'out', 'accept'], switches: ['yes'] });
  if (flags['accept'] !== undefined) return acceptTransfer(flags['accept'], flags, has('yes'));
  const to = ownerAddress(requireFlag(flags, 'to'));
  const { did, api } = await named(flags);
  const owner = await requireOwner(flags, api);
  const terms = await readTerms(api);
  const from = ownerOf(owner);
  if (to === from) throw new UsageError(`${to} is its owner already`);
  const act: ActOf<'transfer'> = { kind: 'transfer', device: did, from, to, issuedAt: issuedNow(terms) };
  const ownerSignature = await signAct(owner, act, terms);
  const offer: Offer = { kind: 'isobar-transfer', version: 1, api, act: actFields(act), ownerSignature };
  const out = flags['out'] ?? 'transfer.json';
  await writeFile(out, `${JSON.stringify(offer, null, 2)}\n`, { mode: 0o600 }).catch((error: Error) => {
    throw new Refusal(error.message);
  });
  done(`${out} holds your signature over the transfer of ${did} to ${to}`);
  console.log('Give it to the buyer, who has ten minutes, until the network takes it for too old:');
  console.log(bold(`  npm run device -- transfer --accept ${out} --owner-key FILE`));
}

async function acceptTransfer(path: string, flags: Flags, isAgreed: boolean): Promise<void> {
  const { api, act, ownerSignature } = await readOffer(path);
  const owner = await requireOwner(flags, api);
  if (ownerOf(owner) !== act.to) throw new Refusal(`${path} offers it to ${act.to}, and your key is ${ownerOf(owner)}`);
  console.log(`  device    ${act.device}\n  from      ${act.from}\n  to        ${act.to} (you)\n  network   ${api}`);
  await confirm('Take it over? What it earns from now on is paid to you.', isAgreed);
  const newOwnerSignature = await signAct(owner, act, await readTerms(api));
  orRefuse(await postAct(api, act, { ownerSignature, newOwnerSignature }, []));
  done(`${act.device} is yours`);
}

async function readOffer(
  path: string,
): Promise<Pick<Offer, 'api' | 'ownerSignature'> & { readonly act: ActOf<'transfer'> }> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new Refusal(`${path} cannot be read: ${error.message}`);
  });
  const broken = new Refusal(`${path} is no transfer as "npm run device -- transfer --to" writes it`);
  const given = offerIn(text);
  if (given === null) throw broken;
  const act = parseAct('transfer', given.act);
  if (given.kind !== 'isobar-transfer' || !act.ok || !parseOwnerSignature(given.ownerSignature).ok) throw broken;
  if (typeof given.api !== 'string' || !isHttpAddress(given.api) || given.ownerSignature === undefined) throw broken;
  return { api: new URL(given.api).origin, ownerSignature: given.ownerSignature, act: act.value };
}

/** Null: no JSON object. What its members are is for the caller to look at. */
function offerIn(text: string): Partial<Offer> | null {
  try {
    const given: unknown = JSON.parse(text);
    return typeof given === 'object' ? given : null;
  } catch {
    return null;
  }
}

export async function retire(args: readonly string[]): Promise<void> {
  const { flags, has } = readArguments(args, { values: OF_A_DEVICE, switches: ['yes'] });
  const { did, api, files } = await named(flags);
  const owner = await requireOwner(flags, api);
  await confirm(`Retire ${did} for good? It cannot post any more; what it measured stays.`, has('yes'));
  const terms = await readTerms(api);
  const act: ActOf<'retire'> = { kind: 'retire', device: did, issuedAt: issuedNow(terms) };
  orRefuse(await postAct(api, act, { ownerSignature: await signAct(owner, act, terms) }, []));
  done(`${did} is retired`);
  if (files !== null) console.log(dim(`  ${files.keyFile} and ${stateFileOf(files.keyFile)} may be deleted`));
}

function secondsOf(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new UsageError(`${text} is no time; write 2026-11-22T09:00:00Z`);
  return Math.floor(ms / 1000);
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
