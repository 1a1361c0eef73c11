/** `device claim`: binds device, owner and place with a signature of both keys. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PrivateKeyAccount } from 'viem/accounts';
import type { ActOf } from '../../core/lifecycle/act.ts';
import { ok, type Result } from '../../core/result.ts';
import type { NetworkProblem } from '../../sensors/client/problem.ts';
import { sentenceOf } from '../admin-client.ts';
import { type Arguments, readArguments, UsageError } from '../command-line.ts';
import { confirm } from '../lib/confirm.ts';
import { dim, done, Refusal } from '../lib/say.ts';
import { exactPosition, issuedNow, type NetworkTerms, ownerOf, placed, readTerms, signAct } from '../registry/acts.ts';
import { type ClaimBody, claimJson, parseClaim, postClaim, readWaitingHalf } from '../registry/routes.ts';
import { claimFromList } from './claim-many.ts';
import { showLink } from './init.ts';
import { apiOf, findOwner, openDevice, type OpenDevice, webOf } from './open.ts';
import { readSite, type Site, SITE_FLAGS } from './site.ts';
import { stateFileOf, writeState } from './state.ts';

const VALUES = [...SITE_FLAGS, 'tier', 'key', 'owner-key', 'api', 'web', 'dir', 'csv', 'out', 'keys', 'timeout', 'svg'];
/** As long as the network keeps the owner's half. */
const LONGEST_WAIT_SECONDS = 86_400;
const LOOK_EVERY_MS = 2_000;

export async function claim(args: readonly string[]): Promise<void> {
  const read = readArguments(args, { values: VALUES, switches: ['link', 'yes', 'no-qr'] });
  if (read.flags['csv'] !== undefined) return claimFromList(read);
  const device = await openDevice(read.flags);
  if (device.state.address !== null) {
    done(`${device.keyFile} is claimed already; npm run device -- relocate moves it`);
    console.log(`  posts to ${device.state.address.ingestUrl}`);
    return;
  }
  const api = await apiOf(read.flags, device.state);
  const owner = read.has('link') ? null : await findOwner(read.flags, api);
  const claimed =
    owner === null
      ? await claimByLink(device, api, read)
      : await claimAs(device, api, owner, siteOf(read), tierOf(read.flags['tier']));
  tell(claimed);
}

/** Signed by both keys on this machine. A claim that got no answer is kept, and the next call sends the same one. */
export async function claimAs(
  { keyFile, key, state }: OpenDevice,
  api: string,
  owner: PrivateKeyAccount,
  site: Site,
  tier: 0 | 1 | 2,
  terms?: NetworkTerms,
): Promise<OpenDevice> {
  const repeated = await repeatClaim({ keyFile, key, state }, api);
  if (repeated !== null) return repeated;
  const now = terms ?? (await readTerms(api));
  const position = exactPosition(site);
  const act: ActOf<'claim'> = {
    kind: 'claim',
    device: key.did,
    owner: ownerOf(owner),
    ...placed(position),
    name: site.name ?? `Station ${key.did.slice(-6)}`,
    type: site.type ?? 'not said',
    tier,
    issuedAt: issuedNow(now),
    code: `0x${state.code}`,
  };
  return countersign({ keyFile, key, state }, api, { act, ownerSignature: await signAct(owner, act, now), position });
}

/** Kept until it is answered: a second claim of the same device would be refused where the first one arrived. */
async function countersign(device: OpenDevice, api: string, body: ClaimBody): Promise<OpenDevice> {
  await writeState(device.keyFile, { ...device.state, api, claim: claimJson(body) });
  const claimed = await sendClaim(device, api, body);
  if (claimed.ok) return claimed.value;
  throw new Refusal(sentenceOf(claimed.error));
}

async function sendClaim(
  { keyFile, key, state }: OpenDevice,
  api: string,
  body: ClaimBody,
): Promise<Result<OpenDevice, NetworkProblem>> {
  const answer = await postClaim(api, key, body);
  const address = answer.ok ? { ingestUrl: answer.value.ingestUrl, region: answer.value.region } : null;
  const next = { ...state, api, address, claim: null };
  await writeState(keyFile, next);
  return answer.ok ? ok({ keyFile, key, state: next }) : answer;
}

/** Null: there is none, or it came to nothing and another may be made. */
async function repeatClaim(device: OpenDevice, api: string): Promise<OpenDevice | null> {
  const body = parseClaim(device.state.claim);
  if (body === null) return null;
  const repeated = await sendClaim(device, api, body);
  return repeated.ok ? repeated.value : null;
}

/** Shows the link, waits for what the owner signs on the page, and lets the person here see it before the device agrees. */
async function claimByLink(device: OpenDevice, api: string, { flags, has }: Arguments): Promise<OpenDevice> {
  const repeated = await repeatClaim(device, api);
  if (repeated !== null) return repeated;
  const timeout = flags['timeout'] === undefined ? LONGEST_WAIT_SECONDS : Number(flags['timeout']);
  if (!(timeout > 0)) throw new UsageError(`--timeout ${flags['timeout']} is no number of seconds`);
  const web = webOf(flags, api);
  await showLink(device.state, web, { isQrShown: !has('no-qr'), svgFile: flags['svg'] });
  console.log('\nWaiting for the owner to sign there. Ctrl-C stops; the same command goes on waiting later.');
  const half = await waitForHalf(device, api, Date.now() + timeout * 1000);
  const { act } = half;
  if (act.code !== `0x${device.state.code}` || act.device !== device.key.did)
    throw new Refusal('what waits at the network was not made from this device’s link; nothing was signed');
  console.log(`\n  owner     ${act.owner}`);
  console.log(`  name      ${act.name} (${act.type})`);
  console.log(`  place     cell ${act.place}, region ${act.region}`);
  await confirm('Is this the owner and the place? The device signs that it is theirs.', has('yes'));
  return countersign(device, api, half);
}

async function waitForHalf({ key }: OpenDevice, api: string, untilMs: number): Promise<ClaimBody> {
  const isShown = process.stdout.isTTY;
  try {
    for (;;) {
      const half = await readWaitingHalf(api, key);
      if (half !== null) return half;
      const leftMs = untilMs - Date.now();
      if (leftMs <= 0) throw new Refusal('nobody signed in time; the same command goes on waiting');
      if (isShown) process.stdout.write(`\r${dim(`  ${Math.ceil(leftMs / 1000)} s left `)}`);
      await sleep(Math.min(LOOK_EVERY_MS, leftMs));
    }
  } finally {
    if (isShown) process.stdout.write('\r\x1b[K');
  }
}

export function tell({ keyFile, state }: OpenDevice): void {
  done(`${state.device} is claimed in region ${state.address?.region ?? ''}`);
  console.log(`  posts to ${state.address?.ingestUrl ?? ''}`);
  console.log(dim(`  ${stateFileOf(keyFile)} keeps the address; there is nothing to copy`));
  const named = keyFile === 'device.pem' ? '' : ` --key ${keyFile}`;
  console.log(`\nNext: npm run device -- send${named} --quantity temp --value 21.4`);
}

function siteOf({ flags }: Arguments): Site {
  const read = readSite(flags);
  if (read.ok) return read.site;
  throw new UsageError(read.wrong.map((sentence) => `--${sentence}`).join('; '));
}

export function tierOf(text: string | undefined): 0 | 1 | 2 {
  if (text === undefined || text === '0') return 0;
  if (text === '1' || text === '2') {
    console.log(dim(`A claim is granted tier 0; the operator raises it to ${text} once the hardware is checked.`));
    return text === '1' ? 1 : 2;
  }
  throw new UsageError(`--tier ${text}: one of 0, 1, 2`);
}
