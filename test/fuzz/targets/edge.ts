/** Bodies and secrets at the edge: payments, keys, seals, sign-ins, fields of JSON bodies, gzip. */
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Context } from 'hono';
import { privateKeyToAccount } from 'viem/accounts';
import { createSiweMessage } from 'viem/siwe';
import { makeApiKey, readApiKey } from '../../../core/credits/api-key.ts';
import { parseExportRequest } from '../../../core/export/request.ts';
import type { OwnerAddress } from '../../../core/ids.ts';
import { parseUsdc } from '../../../core/price/parse-usdc.ts';
import { formatUsdc } from '../../../core/price/price.ts';
import { MAIN_RULES } from '../../../core/rules/main.ts';
import { parseTarget } from '../../../core/webhook/target.ts';
import { parseTopic } from '../../../core/webhook/topic.ts';
import { checkLink, isToken, linksOf, tokenOf } from '../../../worker/adapters/export-links.ts';
import { isSealed } from '../../../worker/adapters/seal.ts';
import { readSignIn } from '../../../worker/adapters/sign-in.ts';
import type { AppEnv } from '../../../worker/context.ts';
import { readIdempotencyKey } from '../../../worker/middleware/bearer.ts';
import { gunzip, readBody } from '../../../worker/middleware/body.ts';
import { isOffer } from '../../../worker/middleware/offer.ts';
import { readParameters } from '../../../worker/middleware/parameters.ts';
import { decodeWire, encodeWire, readPayment } from '../../../worker/middleware/x402-wire.ts';
import {
  parseDeviceFields, parseMaintenanceFields, parseOperatorFields, parseRecallFields, parseRegionFields, readFields,
} from '../../../worker/routes/admin-fields.ts'; // prettier-ignore
import { encodeCursor, parseKeyWish, parseTopUp, parseUsage } from '../../../worker/routes/credit-fields.ts';
import { bytesOf, headerOf, jsonBytes, labelOf, must, parsedObject, type Target, textOf } from '../target.ts';
import { CONFIG, ED25519, NOW_MS, OWNER, P256, PLACE, REGION } from './examples.ts';

const HEADER_BYTES = 16 * 1024;
const BODY_BYTES = 256 * 1024;

const ACCEPTED = {
  scheme: 'exact',
  network: 'eip155:10',
  asset: CONFIG.chain.usdc,
  amount: '10000',
  payTo: CONFIG.chain.distributor,
  maxTimeoutSeconds: 300,
  extra: {
    name: 'USD Coin',
    version: '2',
    q: 'q',
    offer: `${NOW_MS / 1000 + 60}.${'ab'.repeat(16)}.${'cd'.repeat(32)}`,
  },
};
const PAYMENT = {
  x402Version: 2,
  accepted: ACCEPTED,
  payload: {
    signature: `0x${'12'.repeat(65)}`,
    authorization: {
      from: OWNER,
      to: ACCEPTED.payTo,
      value: '10000',
      validAfter: '0',
      validBefore: '1795349600',
      nonce: `0x${'DD'.repeat(32)}`,
    },
  },
};

async function payWith(header: string): Promise<string> {
  const read = readPayment(header);
  if (!read.ok) return read.error.detail;
  const { payer, nonce, validBeforeSeconds, accepted } = read.value;
  must(/^0x[0-9a-f]{40}$/.test(payer) && /^0x[0-9a-f]{64}$/.test(nonce), 'payer or nonce in another form');
  must(Number.isSafeInteger(validBeforeSeconds), `valid before ${validBeforeSeconds}`);
  must(!(await isOffer(accepted, 'q', CONFIG, NOW_MS)), 'an offer that nobody made');
  return 'ok';
}

const paymentHeader: Target = {
  name: 'x402-header',
  form: 'text',
  mostBytes: HEADER_BYTES,
  share: 0.3,
  seeds: [encodeWire(PAYMENT), encodeWire({}), encodeWire([1]), btoa('null')].map(bytesOf),
  run(input) {
    const header = headerOf(input);
    decodeWire(header);
    return payWith(header);
  },
};

const payment: Target = {
  name: 'x402-payment',
  form: 'json',
  mostBytes: HEADER_BYTES,
  share: 0.3,
  seeds: [jsonBytes(PAYMENT), jsonBytes({ ...PAYMENT, accepted: { ...ACCEPTED, extra: {} } })],
  run: (input) => payWith(Buffer.from(input).toString('base64')),
};

const TAG_KEY = CONFIG.ingestTagKey;
const EXPORT = '0123456789abcdef0123456789abcdef';
const TOKEN = await tokenOf(CONFIG, EXPORT);
const LINKS = await linksOf(
  CONFIG,
  'https://isobar.test',
  { id: EXPORT, format: 'csv', expiresMs: NOW_MS + 1e7 },
  NOW_MS,
);
export const PASS = LINKS.manifest.split('/').at(-2) ?? '';

const secrets: Target = {
  name: 'keys-and-seals',
  form: 'text',
  mostBytes: HEADER_BYTES,
  share: 0.2,
  seeds: [
    makeApiKey(OWNER as OwnerAddress, new Uint8Array(16).fill(7), TAG_KEY),
    TOKEN,
    PASS,
    '"idempotency-1"',
    'bare-key',
  ].map(bytesOf),
  words: ['isk_', '.', '"'],
  async run(input) {
    const text = headerOf(input);
    const key = readApiKey(text, TAG_KEY);
    if (key.ok) must(/^0x[0-9a-f]{40}$/.test(key.value.account), `account ${key.value.account}`);
    const link = await checkLink(CONFIG, EXPORT, text, NOW_MS);
    if (link !== 'bad') must(text === PASS, 'a link that nobody made');
    if (await isToken(CONFIG, EXPORT, text)) must(text === TOKEN, 'a token that nobody made');
    must(!(await isSealed(CONFIG, 'isobar stream pass v1', text, text)), 'a seal that nobody made');
    const idempotency = readIdempotencyKey(text);
    if (idempotency.ok) must((idempotency.value ?? '').length <= 255, 'a key of more than 255 characters');
    return key.ok ? 'ok' : `${link} ${labelOf(idempotency)}`;
  },
};

const WALLET = privateKeyToAccount(`0x${'59'.repeat(32)}`);
const SIWE = {
  address: WALLET.address, chainId: 10, domain: 'isobar.test', uri: `https://isobar.test/v1/owners/${OWNER}/statement`, version: '1', nonce: 'abcdefgh12345678',
  issuedAt: new Date(NOW_MS), expirationTime: new Date(NOW_MS + 300_000),
} as const; // prettier-ignore
const MESSAGE = createSiweMessage(SIWE);
const SIGNED = await WALLET.signMessage({ message: MESSAGE });
const EXPECTED = {
  authorities: CONFIG.authorities,
  chainId: 10,
  path: `/v1/owners/${OWNER}/statement`,
  changeBy: null,
  nowMs: NOW_MS,
} as const;

async function signInWith(header: string): Promise<string> {
  const read = await readSignIn(header, EXPECTED);
  if (!read.ok) return read.error.detail.replaceAll(/0x\w+|\d+/g, '');
  must(read.value.address === WALLET.address.toLowerCase(), 'somebody else signed in');
  return 'ok';
}

const pack = (message: Uint8Array): string => `SIWE ${Buffer.from(message).toString('base64url')}.${SIGNED}`;

const signInHeader: Target = {
  name: 'sign-in-header',
  form: 'text',
  mostBytes: HEADER_BYTES,
  share: 0.05,
  seeds: [bytesOf(pack(bytesOf(MESSAGE)))],
  run: (input) => signInWith(headerOf(input)),
};

const signInMessage: Target = {
  name: 'sign-in-message',
  form: 'text',
  mostBytes: 2800,
  share: 0.05,
  seeds: [
    MESSAGE,
    createSiweMessage({ ...SIWE, statement: 'Any words.', requestId: 'POST', resources: ['https://a.example/'] }),
  ].map(bytesOf),
  words: [
    '\nURI: ',
    '\nVersion: 1',
    '\nChain ID: ',
    '\nNonce: ',
    '\nIssued At: ',
    '\nExpiration Time: ',
    '\nNot Before: ',
    '\nRequest ID: ',
    '\nResources:',
  ],
  run: (input) => signInWith(pack(input)),
};

const TOP_UP = {
  amount: '5',
  key: { name: 'a key', scopes: ['read', 'export'], expires: '2027-01-01T00:00:00Z', monthlyLimit: '10.5' },
};

const credits: Target = {
  name: 'credit-fields',
  form: 'json',
  mostBytes: 64 * 1024,
  seeds: [jsonBytes(TOP_UP), jsonBytes({ amount: '1.000001', key: null }), jsonBytes(TOP_UP.key)],
  run(input) {
    const given = parsedObject(input);
    if (given === null) return 'no-json';
    const topUp = parseTopUp(given, NOW_MS);
    if (topUp.ok)
      must(topUp.value.amount >= 1_000_000n && topUp.value.amount <= 1_000_000_000n, `top-up ${topUp.value.amount}`);
    const wish = parseKeyWish(given, NOW_MS);
    const key = wish.ok ? wish.value : topUp.ok ? topUp.value.key : null;
    if (key !== null) {
      must(key.name.length <= 80 && key.scopes.length > 0 && key.scopes.length <= 3, 'a key of another form');
      must(
        key.expiresMs === null || (Number.isSafeInteger(key.expiresMs) && key.expiresMs > NOW_MS),
        `expires ${key.expiresMs}`,
      );
      must(key.monthlyLimit === null || /^\d+$/.test(key.monthlyLimit), `limit ${key.monthlyLimit}`);
    }
    const usdc = parseUsdc(given['amount']);
    if (usdc !== null) must(parseUsdc(formatUsdc(usdc)) === usdc, `${usdc} USDC have two forms`);
    return topUp.ok || wish.ok ? 'ok' : topUp.error.reason;
  },
};

const usage: Target = {
  name: 'credit-usage',
  form: 'text',
  mostBytes: HEADER_BYTES,
  seeds: [
    'from=2026-10-01&until=2026-11-01',
    `cursor=${encodeCursor({ day: '2026-11-22', key: '0123456789abcdef' })}`,
    '',
  ].map(bytesOf),
  words: ['&from=', '&until=', '&cursor=', '0000-01-01', '9999-12-31', '2026-02-29'],
  run(input) {
    const parsed = parseUsage(new URLSearchParams(textOf(input)), NOW_MS);
    if (!parsed.ok) return parsed.error.reason;
    const { from, until, after } = parsed.value;
    must(/^\d{4}-\d\d-\d\d$/.test(from) && /^\d{4}-\d\d-\d\d$/.test(until), `from ${from} until ${until}`);
    if (after !== null) must(encodeCursor(after).length > 0, 'a cursor that cannot be written');
    return 'ok';
  },
};

const DEVICE = {
  version: 0, cell: REGION, status: 'active', owner: OWNER, displayName: 'Roof', place: PLACE, latitudeE5: 4_042_000, longitudeE5: -370_000,
  elevationM: 652.4, tier: 1,
}; // prettier-ignore
const RECALL = {
  from: '2026-11-01T00:00:00Z',
  until: '2026-11-02T00:00:00Z',
  quantities: ['temp', 'pm25'],
  reason: 'spoofed',
};

const admin: Target = {
  name: 'admin-fields',
  form: 'json',
  mostBytes: 64 * 1024,
  seeds: [
    DEVICE, RECALL, { ...RECALL, quantities: null }, { operator: OWNER }, { operator: null },
    { name: 'Madrid', boundary: [[-400_000, 4_000_000], [-300_000, 4_000_000], [-350_000, 4_100_000]] },
  ].map(jsonBytes), // prettier-ignore
  run(input) {
    const given = parsedObject(input);
    if (given === null) return 'no-json';
    const device = parseDeviceFields(given, ED25519);
    if (device.ok) {
      const { elevationM, latitudeE5, displayName } = device.value.membership;
      must(displayName === displayName.trim(), 'a name that the log gives back without its first character');
      must(elevationM === null || (elevationM % 10 === 0 && !Object.is(elevationM, -0)), `elevation ${elevationM}`);
      must(Math.abs(latitudeE5) <= 9_000_000, `latitude ${latitudeE5}`);
    }
    const region = parseRegionFields(given);
    const times = parseMaintenanceFields(given);
    if (times.ok) must(times.value.untilMs > times.value.fromMs, 'no time between');
    const recall = parseRecallFields(given);
    const operator = parseOperatorFields(given);
    return [device, region, times, recall, operator].some(({ ok }) => ok)
      ? 'ok'
      : device.ok
        ? ''
        : 'pointer' in device.error
          ? device.error.pointer
          : '';
  },
};

const THRESHOLD = { url: 'https://a.example.org/hook', on: 'threshold', quantity: 'pm25', above: 50, cell: REGION };

const webhooks: Target = {
  name: 'webhook-fields',
  form: 'json',
  mostBytes: 64 * 1024,
  seeds: [
    THRESHOLD,
    { url: 'https://8.8.8.8:8443/x?y=z', on: 'recall' },
    { url: 'https://[2606:4700::1]/', on: 'threshold', quantity: 'temp', below: -5, devices: [ED25519, P256] },
  ].map(jsonBytes),
  words: [
    'https://127.1/',
    'https://0x7f000001/',
    'https://[::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://a.internal/',
    'https://u:p@a.example.org/',
    'https://a.example.org./',
  ],
  run(input) {
    const given = parsedObject(input);
    if (given === null) return 'no-json';
    const topic = parseTopic(given);
    if (topic.ok && topic.value.kind === 'threshold') must(Number.isFinite(topic.value.limit), 'a limit that is none');
    const target = parseTarget(given['url'], CONFIG.authorities, false);
    if (target.ok) {
      const url = new URL(target.value);
      must(
        (url.protocol === 'https:' && url.hostname.includes('.')) || url.hostname.startsWith('['),
        `a message to ${target.value}`,
      );
      must(parseTarget(target.value, CONFIG.authorities, false).ok, 'its own form is refused');
    }
    return topic.ok && target.ok
      ? 'ok'
      : topic.ok
        ? 'bad-target'
        : topic.error.pointer.slice(0, 9).replaceAll(/\d+/g, '');
  },
};

const post = (body: Uint8Array, headers: Readonly<Record<string, string>> = {}): Request =>
  new Request('https://isobar.test/v1/exports?format=csv', { method: 'POST', headers, body: Uint8Array.from(body) });

const EXPORT_BODY = {
  device: [ED25519, P256],
  quantity: ['temp'],
  from: '2026-11-20T00:00:00Z',
  until: '2026-11-21T00:00:00Z',
  resolution: 'day',
};

const bodies: Target = {
  name: 'json-bodies',
  form: 'json',
  mostBytes: BODY_BYTES,
  share: 0.1,
  seeds: [
    EXPORT_BODY,
    { bbox: [-4, 40, -3, 41], quantity: 'pm25', 'dry-run': true, from: EXPORT_BODY.from, until: EXPORT_BODY.until },
    { cell: REGION },
  ].map(jsonBytes),
  async run(input) {
    const request = post(input);
    const context = { req: { url: request.url, raw: request } } as unknown as Context<AppEnv>;
    const parameters = await readParameters(context);
    const fields = await readFields(post(input));
    if (!parameters.ok) return parameters.error.reason;
    must(fields.ok || input.length === 0 || input.length > 64 * 1024, 'an object for one reader alone');
    const asked = parseExportRequest(parameters.value, NOW_MS, MAIN_RULES.time);
    return labelOf(asked);
  },
};

const INFLATED_BYTES = 64 * 1024;

const gzips: Target = {
  name: 'gzip-body',
  form: 'bytes',
  mostBytes: 64 * 1024,
  share: 0.03,
  seeds: [
    gzipSync('[{"n":"temp","v":1}]'),
    gzipSync(new Uint8Array(INFLATED_BYTES)),
    gzipSync(new Uint8Array(2 * INFLATED_BYTES)),
    gzipSync(''),
  ].map((bytes) => Uint8Array.from(bytes)),
  async run(input) {
    const body = await readBody(post(input), 32 * 1024);
    if (!body.ok) return body.error.reason;
    const inflated = await gunzip(body.value, INFLATED_BYTES);
    if (!inflated.ok) return inflated.error.reason;
    must(inflated.value.length <= INFLATED_BYTES, `${inflated.value.length} bytes`);
    must(Buffer.compare(inflated.value, gunzipSync(input)) === 0, 'zlib reads something else');
    return 'ok';
  },
};

export const EDGE_TARGETS: readonly Target[] = [
  paymentHeader, payment, secrets, signInHeader, signInMessage, credits, usage, admin, webhooks, bodies, gzips,
]; // prettier-ignore
