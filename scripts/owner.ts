/** `npm run owner`: what an owner of devices can ask with the wallet that owns them. */
import { parseEpochNumber } from '../core/ids.ts';
import type { StatementAnswer } from '../schema/api/owners.ts';
import type { EpochsAnswer, StatusAnswer } from '../schema/api/public.ts';
import { readArguments, runSubcommand, UsageError } from './command-line.ts';
import { DEFAULT_DIR, readLocalNetwork } from './local-network.ts';
import { ask } from './lib/purchase.ts';
import { Refusal } from './lib/say.ts';
import { signIn } from './lib/sign-in.ts';
import { readAccount, walletOf } from './lib/wallet.ts';
import { printStatement } from './owner/print-statement.ts';

const HELP = `npm run owner -- statement [OPTIONS]

  Explains to the last unit what the owner's devices earned in an epoch: base and demand part, what each flag cost, tier,
  slot, what was withheld, and days paid late. Signs in with the wallet's key; the key stays here.

  --address A      the owner (default: the one of the key)
  --key-file FILE  the wallet's private key, 0x and 64 hex digits (default: the local network's first owner)
  --epoch N        default: the newest that is computed
  --json           the answer as it came
  --api URL        the network (default: the one that npm start runs here)
  --dir FOLDER     of the local network (default: ${DEFAULT_DIR})`;

async function statement(args: readonly string[]): Promise<void> {
  const { flags, has } = readArguments(args, {
    values: ['address', 'key-file', 'epoch', 'api', 'dir'],
    switches: ['json'],
  });
  const local = await readLocalNetwork(flags['dir'] ?? DEFAULT_DIR);
  const api = flags['api'] ?? local?.api;
  if (api === undefined) throw new UsageError('which network? Start one with npm start, or give --api URL');
  const wallet = walletOf(await readAccount(flags['key-file'], local?.ownerKey ?? null));
  const epoch = flags['epoch'] ?? (await newestEpoch(api));
  if (!parseEpochNumber(epoch).ok) throw new UsageError(`--epoch "${epoch}" is not the number of an epoch`);
  const url = new URL(`/v1/owners/${flags['address'] ?? wallet.address}/statement`, api);
  const { network } = await ask<StatusAnswer>(new URL('/v1/status', api));
  const authorization = await signIn(wallet, url, network.chainId, Date.now(), {
    statement: 'Show me what my devices earned.',
  });
  url.searchParams.set('epoch', epoch);
  const answer = await ask<StatementAnswer>(url, { headers: { authorization } });
  if (has('json')) console.log(JSON.stringify(answer, null, 2));
  else printStatement(answer);
}

async function newestEpoch(api: string): Promise<string> {
  const { epochs } = await ask<EpochsAnswer>(new URL('/v1/epochs', api));
  const [newest] = epochs;
  if (newest === undefined) throw new Refusal('no epoch is computed yet; wait for the first one');
  return String(newest.epoch);
}

await runSubcommand(HELP, new Map([['statement', statement]]), process.argv.slice(2));
