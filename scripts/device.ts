/** `npm run device`: what a sensor maker and an owner do with a device, from its key to its end. */
import { runSubcommand, type Subcommands } from './command-line.ts';

const HELP = `npm run device -- COMMAND

  init      makes a key and a claim code, and prints the device's id (its public key) and the claim link as QR code
              [--key FILE (device.pem)] [--algorithm ed25519|ecdsa-p256-sha256] [--no-qr] [--svg FILE] [--web URL]
  claim     binds device, owner and place, signed by both keys; keeps the address that the device posts to
              --lat N --lon N [--elevation M] [--height M] [--name NAME] [--type MODEL] [--tier 0|1|2]
                the owner's key signs here: --owner-key FILE (64 hex digits) or OWNER_PRIVATE_KEY
              --link [--timeout SECONDS] [--yes]   the owner signs in a browser; waits, shows who claims it, countersigns
              --csv FILE [--keys FOLDER] [--out FILE]   many devices: key,lat,lon[,elevation,height,name,type] with a key
                file or "new"; what is claimed already is left; writes a table with their addresses
  send      signs readings, posts them, prints the receipt
              --quantity temp --value 21.4 [--unit Cel] [--at TIME]
              | --file FILE   CSV (time,quantity,value[,unit]), JSON (a list of the same), or a SenML pack
              [--key FILE [--url ADDRESS]] | [--device DID or station]
              default: the device claimed in this folder, else a spare device of the running network
  check     the same readings, judged by anyone's signature and stored nowhere; no registration needed
              same flags as send; [--key FILE], default: a key made for the moment
  status    health and last verdicts: receipt, flags with reasons, score, pay, maintenance, events
              [--key FILE | --did DID] [--json]; without a device of this folder, the network's
  rotate    a new key, signed by old and new; history goes on under it, the old file is kept
              [--algorithm ...] [--lost [--did DID]]   the old key is lost: the owner signs instead
  relocate  --lat N --lon N [--elevation M] [--height M]   the owner signs; reputation falls with the distance
  maintenance  --hours N | --until TIME [--from TIME]      the device signs, or with --owner-key the owner
  transfer  --to 0x... [--out FILE]    the seller signs a file; the buyer: --accept FILE [--yes]
  retire    [--yes]   for good
  simulate  the fleet: replays real stations, catches up four days, then goes on live
              [--fleet N] [--seed TEXT] [--backfill-only] [--token TOKEN --owner 0x...] to register it first
              [--attack NAME --station ID]   the station cheats from its second day on
              [--attacks LIST|all]   each on a station that the seed chooses
              [--faults RATE|LIST|all]   faults that come and go over the others; stuck,0.3 is one of them in 30 % of two days
              [--mix]   plain, gzip and COSE   [--labels FILE]   what was injected (DIR/fleet/labels.json)

  All take --dir FOLDER (.isobar) and --api URL; without --api the device's own network, else that of "npm start". What
  concerns a device takes --key FILE (device.pem) and finds the rest beside it; relocate, maintenance, transfer and retire
  take --did DID where the files are elsewhere. Where the owner signs: --owner-key FILE or OWNER_PRIVATE_KEY; on the local
  network its own test owner. Times are RFC 3339: 2026-11-22T09:00:00Z.
  Exit codes: 0 done, 1 refused, 2 wrongly called. What could not be delivered is kept and goes out first with the next
  call; nothing is counted twice.`;

/** Loaded when called: who sends a reading need not wait for wallets and simulators. */
const ownerActs = () => import('./device/owner-acts.ts');
const subcommands: Subcommands = new Map([
  ['init', async (args) => (await import('./device/init.ts')).init(args)],
  ['claim', async (args) => (await import('./device/claim.ts')).claim(args)],
  ['send', async (args) => (await import('./device/send.ts')).send(args)],
  ['check', async (args) => (await import('./device/check.ts')).checkReadings(args)],
  ['status', async (args) => (await import('./device/status.ts')).showStatus(args)],
  ['rotate', async (args) => (await import('./device/rotate.ts')).rotate(args)],
  ['relocate', async (args) => (await ownerActs()).relocate(args)],
  ['maintenance', async (args) => (await ownerActs()).maintenance(args)],
  ['transfer', async (args) => (await ownerActs()).transfer(args)],
  ['retire', async (args) => (await ownerActs()).retire(args)],
  ['simulate', async (args) => (await import('./device/simulate.ts')).simulate(args)],
]);
await runSubcommand(HELP, subcommands, process.argv.slice(2));
