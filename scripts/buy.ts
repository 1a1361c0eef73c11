/** `npm run buy`: buys observations or a proof with the buyers' client, and prints or saves what came. */
import { readFile, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { privateKeyToAccount } from 'viem/accounts';
import { DEFAULT_PATIENCE, sendUntilKnown } from '../buyers/client/send.ts';
import { parseUsdc } from '../core/price/parse-usdc.ts';
import { formatUsdc } from '../core/price/price.ts';
import type { ObservationsAnswer, ObservationsQuote } from '../schema/api/observations.ts';
import type { ProofQuote } from '../schema/api/proofs.ts';
import type { RegionsAnswer, StatusAnswer } from '../schema/api/public.ts';
import { ask, buyerOf, describeUnbought, sentenceOf, TALKING } from './lib/purchase.ts';
import { dim, done, Refusal, runCommand } from './lib/say.ts';

const HELP = `npm run buy -- [options]        buys observations with the local network's test buyer

What to buy
  --cell C            devices of a region or of a smaller H3 cell (default: the first region of the network)
  --bbox=W,S,E,N      devices in a box, degrees; instead of --cell (with = because of the minus)
  --device D          one device, may be repeated; instead of --cell
  --quantity Q        pm25, temp, ... may be repeated (default: pm25)
  --series S          raw (default), corrected; may be repeated
  --index I           us-aqi (of days), us-aqi-nowcast, european-aqi; may be repeated
  --hours N           the last N hours of the network (default: 6)
  --from T --until T  RFC 3339 times instead of --hours
  --resolution R      hour (default), day or raw
  --flags F           only rows with these flags: 1 good, 2 not evaluated, 3 suspect, 4 fail
  --fields F          only these columns
  --format F          json, csv, ndjson, geojson or parquet, as it comes instead of a table
  --csv               the same as --format csv
  --out FILE          write the answer there; its ending says the format unless --format does

A proof instead, of one --device and one --quantity; npm run verify:proof -- FILE checks it
  --proof FILE        where to save it
  --t T               of the reading measured at this RFC 3339 time
  --start T           of all its readings in the hour that this time lies in

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
        bbox: { type: 'string' },
        device: { type: 'string', multiple: true },
        quantity: { type: 'string', multiple: true },
        series: { type: 'string', multiple: true },
        index: { type: 'string', multiple: true },
        flags: { type: 'string' },
        fields: { type: 'string' },
        format: { type: 'string' },
        out: { type: 'string' },
        hours: { type: 'string', default: '6' },
        from: { type: 'string' },
        until: { type: 'string' },
        resolution: { type: 'string', default: 'hour' },
        csv: { type: 'boolean', default: false },
        proof: { type: 'string' },
        t: { type: 'string' },
        start: { type: 'string' },
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
  if (options.proof !== undefined) {
    await buyProof(local, options.proof, options);
    return;
  }
  const url = `${local.api}/v1/observations?${String(await parameters(local, options))}`;
  const quoted = await ask<ObservationsQuote>(`${url}&dry-run=true`);
  done(
    `${quoted.deviceQuantityHours} device-quantity-hours of ${quoted.devices} devices cost ${quoted.price.usdc} USDC`,
  );
  if (!options['dry-run']) await deliver(await buy(local, url, options), options);
});

async function buyProof(local: Local, path: string, options: Options): Promise<void> {
  const { device = [], quantity = [], t, start } = options;
  if (device.length !== 1 || quantity.length !== 1) throw new Refusal('a proof is of one --device and one --quantity');
  const asked = new URLSearchParams({ device: device.join(), quantity: quantity.join() });
  for (const [name, value] of Object.entries({ t, start })) if (value !== undefined) asked.set(name, value);
  const url = `${local.api}/v1/proofs?${String(asked)}`;
  const quoted = await ask<ProofQuote>(`${url}&dry-run=true`);
  const { readings, batches, deviceQuantityHours, price } = quoted;
  done(
    `the proof of ${readings} readings reveals ${batches} batches with ${deviceQuantityHours} device-quantity-hours and costs ${price.usdc} USDC`,
  );
  if (options['dry-run']) return;
  await writeFile(path, new Uint8Array(await (await buy(local, url, options)).arrayBuffer()));
  done(`saved as ${path}; npm run verify:proof -- ${path} checks it`);
}

function buy(local: Local, url: string, options: Options): Promise<Response> {
  return options.key === '' ? payOnChain(local, url, options) : payWithCredits(url, options.key);
}

async function deliver(response: Response, options: Options): Promise<void> {
  if (options.out !== undefined) {
    const bytes = new Uint8Array(await response.arrayBuffer());
    await writeFile(options.out, bytes);
    done(`${bytes.length} bytes of ${response.headers.get('content-type') ?? 'nothing known'} in ${options.out}`);
  } else if (formatOf(options) === undefined) show(await response.json<ObservationsAnswer>());
  else process.stdout.write(new Uint8Array(await response.arrayBuffer()));
}

/** Undefined: a table for people. */
function formatOf({ format, csv, out }: Options): string | undefined {
  if (format !== undefined) return format;
  if (csv) return 'csv';
  return out === undefined ? undefined : extname(out).slice(1) || 'json';
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
      quantity: row.series === 'corrected' ? `${row.quantity}, corrected` : row.quantity,
      value: row.unit === '1' ? String(row.value) : `${row.value} ${row.unit}`,
      count: row.count,
      flag: [row.flag, ...row.tests].join(' '),
      final: row.final,
    })),
  );
  const more = answer.observations.length - SHOWN_ROWS;
  if (more > 0) console.log(dim(`and ${more} rows more; --csv prints all, --out keeps them`));
  console.log(dim(`${answer.license}: ${answer.attribution.join('; ')}`));
}

async function parameters(local: Local, options: Options): Promise<URLSearchParams> {
  const { device, cell, bbox, quantity, index, from, until, resolution } = options;
  const found = new URLSearchParams();
  if (device) for (const name of device) found.append('device', name);
  else if (bbox !== undefined) found.set('bbox', bbox);
  else found.set('cell', cell ?? (await firstRegion(local)));
  for (const code of quantity ?? (index ? [] : ['pm25'])) found.append('quantity', code);
  for (const code of index ?? []) found.append('index', code);
  for (const code of options.series ?? []) found.append('series', code);
  const span = from && until ? { from, until } : await lastHours(local, Number(options.hours));
  found.set('from', from ?? span.from);
  found.set('until', until ?? span.until);
  found.set('resolution', resolution);
  if (options.flags !== undefined) found.set('flags', options.flags);
  if (options.fields !== undefined) found.set('fields', options.fields);
  const format = formatOf(options);
  if (format !== undefined) found.set('format', format);
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
