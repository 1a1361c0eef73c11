/** `npm run buy`: buys observations with the buyers' client, and prints what came. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { privateKeyToAccount } from 'viem/accounts';
import { DEFAULT_PATIENCE, sendUntilKnown } from '../buyers/client/send.ts';
import { parseUsdc } from '../core/price/parse-usdc.ts';
import { formatUsdc } from '../core/price/price.ts';
import type { ObservationsAnswer, ObservationsQuote } from '../schema/api/observations.ts';
import type { RegionsAnswer, StatusAnswer } from '../schema/api/public.ts';
import { ask, buyerOf, describeUnbought, sentenceOf, TALKING } from './lib/purchase.ts';
import { dim, done, Refusal, runCommand } from './lib/say.ts';

const HELP = `npm run buy -- [options]        buys observations with the local network's test buyer

What to buy
  --cell C            all devices of a region (default: the first region of the network)
  --device D          one device, may be repeated; instead of --cell
  --quantity Q        pm25, temp, ... may be repeated (default: pm25)
  --hours N           the last N hours of the network (default: 6)
  --from T --until T  RFC 3339 times instead of --hours
  --resolution R      hour (default) or raw
  --csv               print CSV as it comes instead of a table

How
  --dry-run           tell price and size, pay nothing
  --max USDC          pay at most this much (default: 1)
  --key isk_...       pay with credits instead of on the chain (npm run credits; default: $ISOBAR_KEY)
  --anew              buy what was bought before once more, instead of fetching it again
  --dir DIR           folder of the local network (default: .isobar)
  --help              this text
`;

/** Rows of the table; the rest is counted. */
const SHOWN_ROWS = 24;

type Local = {
  readonly api: string;
  readonly rpc: string;
  readonly chainId: number;
  readonly contracts: { readonly usdc: string };
  readonly accounts: { readonly buyer: { readonly address: string; readonly privateKey: `0x${string}` } };
};

type Options = ReturnType<typeof readOptions>;

function readOptions() {
  try {
    return parseArgs({
      options: {
        cell: { type: 'string' },
        device: { type: 'string', multiple: true },
        quantity: { type: 'string', multiple: true, default: ['pm25'] },
        hours: { type: 'string', default: '6' },
        from: { type: 'string' },
        until: { type: 'string' },
        resolution: { type: 'string', default: 'hour' },
        csv: { type: 'boolean', default: false },
        'dry-run': { type: 'boolean', default: false },
        max: { type: 'string', default: '1' },
        key: { type: 'string', default: process.env['ISOBAR_KEY'] ?? '' },
        anew: { type: 'boolean', default: false },
        dir: { type: 'string', default: '.isobar' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new Refusal(`${(error as Error).message.split('. ')[0]}; --help lists the options`);
  }
}

await runCommand(async () => {
  const options = readOptions();
  if (options.help) {
    console.log(HELP);
    return;
  }
  const local = await readLocal(options.dir);
  const url = `${local.api}/v1/observations?${String(await parameters(local, options))}`;
  const quoted = await ask<ObservationsQuote>(`${url}&dry-run=true`);
  done(
    `${quoted.deviceQuantityHours} device-quantity-hours of ${quoted.devices} devices cost ${quoted.price.usdc} USDC`,
  );
  if (!options['dry-run']) await buy(local, url, options);
});

async function buy(local: Local, url: string, options: Options): Promise<void> {
  const response = await (options.key === '' ? payOnChain(local, url, options) : payWithCredits(url, options.key));
  if (options.csv) process.stdout.write(await response.text());
  else show(await response.json<ObservationsAnswer>());
}

async function payOnChain(local: Local, url: string, options: Options): Promise<Response> {
  const most = parseUsdc(options.max);
  if (most === null) throw new Refusal('--max must be an amount of USDC such as 0.5');
  const { chainId, rpc, accounts, contracts } = local;
  const account = privateKeyToAccount(accounts.buyer.privateKey);
  const buyer = buyerOf({ account, chainId, usdc: contracts.usdc, rpc, dir: options.dir, most });
  const bought = await buyer.buy({ url }, { anew: options.anew });
  if (!bought.ok) throw new Refusal(describeUnbought(bought.error));
  const { payment, response } = bought.value;
  if (payment?.transaction) done(`paid by ${payment.payer} on eip155:${chainId}, transaction ${payment.transaction}`);
  return response;
}

async function payWithCredits(url: string, key: string): Promise<Response> {
  // The same in every try, so that a lost answer is fetched and not bought again.
  const headers = { authorization: `Bearer ${key}`, 'idempotency-key': crypto.randomUUID() };
  const sent = await sendUntilKnown({ url }, headers, TALKING, DEFAULT_PATIENCE);
  if (sent.kind === 'refused') throw new Refusal(sentenceOf(sent.problem));
  if (sent.kind === 'unknown') throw new Refusal(`no answer came (${sent.detail})`);
  const [charged, left] = ['credits-charged', 'credits-left'].map((name) =>
    formatUsdc(BigInt(sent.response.headers.get(name) ?? '0')),
  );
  done(`paid ${charged} USDC of credits; ${left} USDC are left`);
  return sent.response;
}

function show(answer: ObservationsAnswer): void {
  console.table(
    answer.observations.slice(0, SHOWN_ROWS).map((row) => ({
      device: `${row.device.slice(0, 20)}...`,
      start: row.start,
      [row.quantity]: `${row.value} ${row.unit}`,
      readings: row.count,
      flag: [row.flag, ...row.tests].join(' '),
      final: row.final,
    })),
  );
  const more = answer.observations.length - SHOWN_ROWS;
  if (more > 0) console.log(dim(`and ${more} rows more; --csv prints all`));
  console.log(dim(`${answer.license}: ${answer.attribution.join('; ')}`));
}

async function parameters(local: Local, options: Options): Promise<URLSearchParams> {
  const { device, cell, quantity, from, until, resolution, csv } = options;
  const found = new URLSearchParams();
  if (device) for (const name of device) found.append('device', name);
  else found.set('cell', cell ?? (await firstRegion(local)));
  for (const code of quantity) found.append('quantity', code);
  const span = from && until ? { from, until } : await lastHours(local, Number(options.hours));
  found.set('from', from ?? span.from);
  found.set('until', until ?? span.until);
  found.set('resolution', resolution);
  if (csv) found.set('format', 'csv');
  return found;
}

async function firstRegion(local: Local): Promise<string> {
  const { regions } = await ask<RegionsAnswer>(`${local.api}/v1/regions`);
  const [first] = regions;
  if (!first) throw new Refusal('the network has no region yet; wait for its first batch, or give --cell');
  return first.cell;
}

/** An hour of the local network may be shorter than yours. */
async function lastHours(local: Local, hours: number): Promise<{ readonly from: string; readonly until: string }> {
  if (!Number.isSafeInteger(hours) || hours < 1) throw new Refusal('--hours must be a whole number from 1');
  const { network, time } = await ask<StatusAnswer>(`${local.api}/v1/status`);
  const hourMs = network.hourSeconds * 1000;
  const untilMs = Math.floor(Date.parse(time) / hourMs) * hourMs;
  return { from: new Date(untilMs - hours * hourMs).toISOString(), until: new Date(untilMs).toISOString() };
}

async function readLocal(dir: string): Promise<Local> {
  const path = join(dir, 'local.json');
  try {
    const local = JSON.parse(await readFile(path, 'utf8')) as Local;
    if (local.accounts.buyer.privateKey && local.contracts.usdc) return local;
    throw new Error('no buyer in it');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new Refusal(
      missing
        ? `there is no ${path}; start the network with npm start`
        : `${path} cannot be read; start the network again with npm start`,
    );
  }
}
