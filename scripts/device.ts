/** `npm run device`: what a sensor maker does with a device, from its key to a running fleet. */
import { runSubcommand } from './command-line.ts';
import { checkReadings } from './device/check.ts';
import { claim } from './device/claim.ts';
import { init } from './device/init.ts';
import { send } from './device/send.ts';
import { simulate } from './device/simulate.ts';
import { showStatus } from './device/status.ts';

const HELP = `npm run device -- COMMAND

  init      makes a key file and prints the device's id, which is its public key
              [--key FILE (device.pem)] [--algorithm ed25519|ecdsa-p256-sha256]
  claim     registers the device, for now with the admin token, and prints the address it posts to
              --owner 0x... --lat N --lon N [--key FILE | --did DID] [--elevation M] [--name NAME] [--tier 0|1|2]
  send      signs readings, posts them, prints the receipt
              --quantity temp --value 21.4 [--unit Cel] [--at TIME]
              | --file FILE   CSV (time,quantity,value[,unit]), JSON (a list of the same), or a SenML pack
              [--device DID or station] | [--key FILE --url ADDRESS]
              default: a spare device of the running network
  check     the same readings, judged by anyone's signature and stored nowhere; no registration needed
              same flags as send; [--key FILE], default: a key made for the moment
  simulate  the fleet: replays real stations, catches up four days, then goes on live
              [--fleet N] [--seed TEXT] [--backfill-only] [--token TOKEN --owner 0x...] to register it first
              [--attack NAME --station ID]   the station cheats from its second day on
              [--attacks LIST|all]   each on a station that the seed chooses
              [--faults RATE|LIST|all]   faults that come and go over the others; stuck,0.3 is one of them in 30 % of two days
              [--mix]   plain, gzip and COSE   [--labels FILE]   what was injected (DIR/fleet/labels.json)
  status    the network, the devices of this machine, and what they have sent

  All take --dir FOLDER (.isobar) and --api URL; without --api the network of "npm start" is meant.
  Exit codes: 0 done, 1 refused, 2 wrongly called. A batch that could not be delivered is kept and goes out first
  with the next send; it is never counted twice.`;

const subcommands = new Map([
  ['init', init],
  ['claim', claim],
  ['send', send],
  ['check', checkReadings],
  ['simulate', simulate],
  ['status', showStatus],
]);
await runSubcommand(HELP, subcommands, process.argv.slice(2));
