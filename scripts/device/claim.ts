/** `device claim`: binds device, owner and place with a signature of both keys. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Arguments, readArguments, UsageError } from '../command-line.ts';
import { confirm } from '../lib/confirm.ts';
import { dim, done, Refusal } from '../lib/say.ts';
import { type ClaimBody, readWaitingHalf } from '../registry/routes.ts';
import { claimAs, countersign, repeatClaim, tierOf } from './claim-device.ts';
import { claimFromList } from './claim-many.ts';
import { showLink } from './init.ts';
import { apiOf, DEFAULT_KEY_FILE, openDevice, type OpenDevice, webOf } from './open.ts';
import { findOwner } from './owner-key.ts';
import { readSite, type Site, SITE_FLAGS } from './site.ts';
import { stateFileOf } from './state.ts';

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
  console.log(`\n  owner     ${act.owner}`);
  console.log(`  name      ${act.name} (${act.type})`);
  console.log(`  place     cell ${act.place}, region ${act.region}`);
  await confirm('Is this the owner and the place? The device signs that it is theirs.', has('yes'));
  return countersign(device, api, half);
}

/** Anyone who knows the device's id can leave a half; only one with the code of its link was made by whom it was shown to. */
async function waitForHalf({ key, state }: OpenDevice, api: string, untilMs: number): Promise<ClaimBody> {
  const isShown = process.stdout.isTTY;
  try {
    for (;;) {
      const half = await readWaitingHalf(api, key, state.code);
      if (half?.act.device === key.did && half.act.code === `0x${state.code}`) return half;
      const leftMs = untilMs - Date.now();
      if (leftMs <= 0) throw new Refusal('nobody signed in time; the same command goes on waiting');
      if (isShown) process.stdout.write(`\r${dim(`  ${Math.ceil(leftMs / 1000)} s left `)}`);
      await sleep(Math.min(LOOK_EVERY_MS, leftMs));
    }
  } finally {
    if (isShown) process.stdout.write('\r\x1b[K');
  }
}

function tell({ keyFile, state }: OpenDevice): void {
  done(`${state.device} is claimed in region ${state.address?.region ?? ''}`);
  console.log(`  posts to ${state.address?.ingestUrl ?? ''}`);
  console.log(dim(`  ${stateFileOf(keyFile)} keeps the address; there is nothing to copy`));
  const named = keyFile === DEFAULT_KEY_FILE ? '' : ` --key ${keyFile}`;
  console.log(`\nNext: npm run device -- send${named} --quantity temp --value 21.4`);
}

function siteOf({ flags }: Arguments): Site {
  const read = readSite(flags);
  if (read.ok) return read.site;
  throw new UsageError(read.wrong.map((sentence) => `--${sentence}`).join('; '));
}
