/** `npm run credits`: prepaid credits: top up on the chain, make and revoke API keys, see what was spent. */
import { parseUsdc } from '../core/price/parse-usdc.ts';
import type {
  ApiKey,
  CreditsAnswer,
  KeysAnswer,
  NewKeyAnswer,
  TopUpAnswer,
  UsageAnswer,
} from '../schema/api/credits.ts';
import type { StatusAnswer } from '../schema/api/public.ts';
import { readArguments, runSubcommand, UsageError, type Flags } from './command-line.ts';
import { ask, askWhole, buyerOf, describeUnbought } from './lib/purchase.ts';
import { bold, dim, done, Refusal } from './lib/say.ts';
import { signIn, type Purpose } from './lib/sign-in.ts';
import { readAccount, walletOf } from './lib/wallet.ts';
import { DEFAULT_DIR, readLocalNetwork } from './local-network.ts';

const HELP = `npm run credits -- COMMAND [OPTIONS]

  top-up USDC        pays USDC on the chain and gets as much credit
    --key-name NAME  and a first API key, shown once
  keys               lists the keys of the account
    --make NAME      makes one, shown once
    --scopes LIST    of read, export, stream (default: read)
    --limit USDC     what it may spend in a calendar month
    --expires TIME   RFC 3339
    --revoke ID      revokes one
  usage              balance, and what each key spent on each day
    --from DAY --until DAY   UTC, half-open (default: the last 31 days)

  --key-file FILE    the wallet's private key, 0x and 64 hex digits (default: the local network's test buyer)
  --api URL          the network (default: the one that npm start runs here)
  --dir FOLDER       of the local network (default: ${DEFAULT_DIR})

  npm run buy -- --key isk_... spends them.`;

const COMMON = ['key-file', 'api', 'dir'];

async function connect(flags: Flags) {
  const dir = flags['dir'] ?? DEFAULT_DIR;
  const local = await readLocalNetwork(dir);
  const api = flags['api'] ?? local?.api;
  if (api === undefined) throw new UsageError('which network? Start one with npm start, or give --api URL');
  const account = await readAccount(flags['key-file'], local?.buyerKey ?? null);
  const { network } = await ask<StatusAnswer>(new URL('/v1/status', api));
  const { chainId, contracts } = network;
  return {
    api,
    payer: { account, chainId, usdc: contracts.usdc, rpc: flags['api'] ? null : (local?.rpc ?? null), dir },
    /** Signed by the wallet, for this path. */
    asWallet: async <T>(path: string, purpose: Purpose, init: RequestInit = {}): Promise<T> => {
      const url = new URL(path, api);
      const authorization = await signIn(walletOf(account), url, chainId, Date.now(), purpose);
      return ask<T>(url, { method: purpose.changeBy ?? 'GET', headers: { authorization }, ...init });
    },
  };
}

async function topUp(args: readonly string[]): Promise<void> {
  const { flags, words } = readArguments(args, { values: ['key-name', ...COMMON], words: 1 });
  const amount = words[0] ?? '';
  const most = parseUsdc(amount);
  if (most === null) throw new UsageError(`"${amount}" is no amount of USDC, such as 5 or 12.50`);
  const { api, payer } = await connect(flags);
  const name = flags['key-name'];
  const body = JSON.stringify({ amount, ...(name === undefined ? {} : { key: { name } }) });
  const query = {
    url: `${api}/v1/credits/top-ups`,
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  };
  const bought = await buyerOf({ ...payer, most }).buy(query, { anew: true });
  if (!bought.ok) throw new Refusal(describeUnbought(bought.error));
  const { account, credited, transaction, key } = await bought.value.response.json<TopUpAnswer>();
  done(`${credited.usdc} USDC of credits for ${account}, transaction ${transaction}`);
  if (key !== null) showSecret(key.secret);
}

async function keys(args: readonly string[]): Promise<void> {
  const { flags } = readArguments(args, { values: ['make', 'scopes', 'limit', 'expires', 'revoke', ...COMMON] });
  const { asWallet } = await connect(flags);
  const path = '/v1/credits/keys';
  if (flags['make'] !== undefined) {
    const { make: name, scopes, limit: monthlyLimit, expires } = flags;
    const body = JSON.stringify({ name, scopes: scopes?.split(','), monthlyLimit, expires });
    const made = await asWallet<NewKeyAnswer>(path, { statement: 'Make an API key.', changeBy: 'POST' }, { body });
    showSecret(made.secret);
  } else if (flags['revoke'] !== undefined) {
    const purpose = { statement: 'Revoke an API key.', changeBy: 'DELETE' } as const;
    const { name, id } = await asWallet<ApiKey>(`${path}/${encodeURIComponent(flags['revoke'])}`, purpose);
    done(`revoked ${name} (${id})`);
  } else {
    const listed = await asWallet<KeysAnswer>(path, { statement: 'Show me my API keys.' });
    console.table(
      listed.keys.map(({ scopes, monthlyLimit, created, ...key }) => ({
        ...key,
        scopes: scopes.join(' '),
        monthlyLimit: monthlyLimit?.usdc ?? null,
        created: created.slice(0, 10),
      })),
    );
  }
}

async function usage(args: readonly string[]): Promise<void> {
  const { flags } = readArguments(args, { values: ['from', 'until', ...COMMON] });
  const { api, payer, asWallet } = await connect(flags);
  const statement = 'Show me what my credits were spent on.';
  const { account, available, toppedUp } = await asWallet<CreditsAnswer>('/v1/credits', { statement });
  console.log(bold(`${available.usdc} USDC of ${toppedUp.usdc} are left`), dim(account));
  // One signature for all pages.
  const url = new URL('/v1/credits/usage', api);
  const authorization = await signIn(walletOf(payer.account), url, payer.chainId, Date.now(), { statement });
  for (const name of ['from', 'until'] as const) if (flags[name]) url.searchParams.set(name, flags[name]);
  const rows: UsageAnswer['usage'][number][] = [];
  for (let next: URL | null = url; next !== null;) {
    const response = await askWhole(next, { headers: { authorization } });
    rows.push(...(await response.json<UsageAnswer>()).usage);
    const [, path] = /^<([^>]+)>; rel="next"$/.exec(response.headers.get('link') ?? '') ?? [];
    next = path === undefined ? null : new URL(path, api);
  }
  if (rows.length === 0) console.log(dim('nothing was spent in these days'));
  else console.table(rows.map(({ spent, ...row }) => ({ ...row, usdc: spent.usdc })));
}

function showSecret(secret: string): void {
  console.log(`${bold(secret)}\n${dim('This is shown once. Spend it with: npm run buy -- --key isk_...')}`);
}

const COMMANDS = new Map([
  ['top-up', topUp],
  ['keys', keys],
  ['usage', usage],
]);

await runSubcommand(HELP, COMMANDS, process.argv.slice(2));
