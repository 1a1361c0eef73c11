/** `/v1/credits`: top up by x402, make and revoke keys with the wallet that paid, see balance and usage. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { Hono, type Context } from 'hono';
import {
  firstSecret,
  hashApiKey,
  keyIdOf,
  makeApiKey,
  readApiKey,
  SECRET_BYTES,
  type NewKey,
} from '../../core/credits/api-key.ts';
import { parseOwnerAddress, type OwnerAddress } from '../../core/ids.ts';
import { formatUsdc } from '../../core/price/price.ts';
import { queryHash } from '../../core/query/observations.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { rfc3339 } from '../../core/time.ts';
import type { AccountApi, KeyChange, KeyRow } from '../../durable-objects/account/api.ts';
import type {
  ApiKey,
  CreditsAnswer,
  KeysAnswer,
  NewKeyAnswer,
  TopUpAnswer,
  UsageAnswer,
  Usdc,
} from '../../schema/api/credits.ts';
import { callAccount } from '../adapters/account.ts';
import { nowMs } from '../adapters/clock.ts';
import type { AppEnv } from '../context.ts';
import { bearerOf } from '../middleware/bearer.ts';
import {
  describeAccountUnavailable,
  describeChangeRefusal,
  describeKeyRefusal,
} from '../middleware/credit-problems.ts';
import { sellByX402, type Article } from '../middleware/payment.ts';
import { problem, problemResponse } from '../middleware/problem.ts';
import { readWallet } from '../middleware/wallet.ts';
import { PAYMENT_RESPONSE, PAYMENT_SIGNATURE, readPayment } from '../middleware/x402-wire.ts';
import { readFields } from './admin-fields.ts';
import {
  encodeCursor,
  MAX_TOP_UP,
  MIN_TOP_UP,
  parseKeyWish,
  parseTopUp,
  parseUsage,
  type TopUpFields,
} from './credit-fields.ts';

const PRIVATE = { 'cache-control': 'private, no-store' };
const TOP_UPS = '/v1/credits/top-ups';

export const creditsRoutes = new Hono<AppEnv>();

creditsRoutes.post(TOP_UPS, async (c) => {
  const body = await readFields(c.req.raw);
  if (!body.ok) return problem(c, body.error);
  const wanted = parseTopUp(body.value, nowMs());
  if (!wanted.ok) return problem(c, wanted.error);
  const key = wanted.value.key === null ? null : await firstKey(c);
  const sold = await sellByX402(c, queryHash('POST', TOP_UPS, JSON.stringify(canonical(wanted.value))), () =>
    Promise.resolve(ok(topUpArticle(wanted.value, key))),
  );
  const receipt = sold.headers.get(PAYMENT_RESPONSE);
  if (sold.status !== 200 || receipt === null) return sold;
  const { payer, transaction } = JSON.parse(atob(receipt)) as { readonly payer: string; readonly transaction: string };
  const answer: TopUpAnswer = {
    account: payer,
    credited: toAmount(wanted.value.amount),
    transaction,
    key: key === null ? null : { id: keyIdOf(hashApiKey(key)), secret: key },
  };
  return c.json(answer, 200, { ...PRIVATE, [PAYMENT_RESPONSE]: receipt });
});

/** Null where nothing is paid yet. It follows from the payment, so that a resend shows the same key and nothing stores it. */
async function firstKey(c: Context<AppEnv>): Promise<string | null> {
  const header = c.req.header(PAYMENT_SIGNATURE);
  const payment = header === undefined ? null : readPayment(header);
  if (header === undefined || !payment?.ok) return null;
  const payer = parseOwnerAddress(payment.value.payer);
  if (!payer.ok) return null;
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(header));
  const { ingestTagKey } = c.var.config;
  return makeApiKey(payer.value, firstSecret(bytesToHex(new Uint8Array(digest)), ingestTagKey), ingestTagKey);
}

function topUpArticle({ amount, key: wish }: TopUpFields, key: string | null): Article {
  const topUp = { key: wish && key ? { ...wish, hash: hashApiKey(key) } : null };
  return {
    amount,
    description: `${formatUsdc(amount)} USDC of credits`,
    mimeType: 'application/json',
    facts: { amount: toAmount(amount), minimum: toAmount(MIN_TOP_UP), maximum: toAmount(MAX_TOP_UP) },
    answer: () => Promise.resolve(ok({ contentType: 'application/json', body: '{}', served: [], topUp })),
  };
}

function canonical({ amount, key }: TopUpFields): unknown {
  return [String(amount), key && [key.name, key.scopes, key.expiresMs, key.monthlyLimit]];
}

creditsRoutes.get('/v1/credits', (c) =>
  asAccount(c, async ({ account, key }, call) => {
    const seen = await call((own) => own.overview());
    if (!seen.ok) return seen.error;
    const { balance = '0', held = '0', toppedUp = '0' } = seen.value ?? {};
    const answer: CreditsAnswer = {
      account,
      balance: toAmount(BigInt(balance)),
      held: toAmount(BigInt(held)),
      available: toAmount(BigInt(balance) - BigInt(held)),
      toppedUp: toAmount(BigInt(toppedUp)),
      key: key && toApiKey(key),
    };
    return c.json(answer, 200, PRIVATE);
  }),
);

creditsRoutes.get('/v1/credits/usage', (c) =>
  asAccount(c, async ({ key }, call) => {
    const url = new URL(c.req.url);
    const asked = parseUsage(url.searchParams, nowMs());
    if (!asked.ok) return problem(c, asked.error);
    const { from, until, limit } = asked.value;
    // One more than a page tells whether there is another.
    const read = await call((own) => own.usage({ ...asked.value, key: key?.id ?? null, limit: limit + 1 }));
    if (!read.ok) return read.error;
    const rows = read.value.slice(0, limit);
    const last = rows.at(-1);
    const usage = rows.map(({ usdc, ...row }) => ({ ...row, spent: toAmount(BigInt(usdc)) }));
    const answer: UsageAnswer = { from, until, usage };
    if (read.value.length <= limit || last === undefined) return c.json(answer, 200, PRIVATE);
    const next = new URLSearchParams({ from, until, cursor: encodeCursor(last) });
    return c.json(answer, 200, { ...PRIVATE, link: `<${url.pathname}?${next.toString()}>; rel="next"` });
  }),
);

creditsRoutes.get('/v1/credits/keys', async (c) => {
  const wallet = await readWallet(c);
  if (!wallet.ok) return problem(c, wallet.error);
  const seen = await callerOf(c, wallet.value.address)((own) => own.overview());
  if (!seen.ok) return seen.error;
  const answer: KeysAnswer = { keys: (seen.value?.keys ?? []).map(toApiKey) };
  return c.json(answer, 200, PRIVATE);
});

creditsRoutes.post('/v1/credits/keys', async (c) => {
  const wallet = await readWallet(c, 'POST');
  if (!wallet.ok) return problem(c, wallet.error);
  const { address, ...signIn } = wallet.value;
  const body = await readFields(c.req.raw);
  if (!body.ok) return problem(c, body.error);
  const wish = parseKeyWish(body.value, nowMs());
  if (!wish.ok) return problem(c, wish.error);
  const secret = makeApiKey(address, crypto.getRandomValues(new Uint8Array(SECRET_BYTES)), c.var.config.ingestTagKey);
  const key: NewKey = { ...wish.value, hash: hashApiKey(secret) };
  return change(
    c,
    address,
    address,
    (own) => own.makeKey(key, signIn),
    (made) => {
      const answer: NewKeyAnswer = { ...toApiKey(made), secret };
      return c.json(answer, 201, PRIVATE);
    },
  );
});

creditsRoutes.delete('/v1/credits/keys/:id', async (c) => {
  const wallet = await readWallet(c, 'DELETE');
  if (!wallet.ok) return problem(c, wallet.error);
  const { address, ...signIn } = wallet.value;
  const id = c.req.param('id');
  return change(
    c,
    address,
    id,
    (own) => own.revokeKey(id, signIn),
    (revoked) => c.json(toApiKey(revoked), 200, PRIVATE),
  );
});

async function change(
  c: Context<AppEnv>,
  account: OwnerAddress,
  subject: string,
  make: (own: AccountApi) => Promise<KeyChange>,
  tell: (key: KeyRow) => Response,
): Promise<Response> {
  const made = await callerOf(c, account)(make);
  if (!made.ok) return made.error;
  const { value } = made;
  return value.status === 'done' ? tell(value.key) : problemResponse(describeChangeRefusal(value.why, subject));
}

type Caller = <T>(call: (own: AccountApi) => Promise<T>) => Promise<Result<T, Response>>;

function callerOf(c: Context<AppEnv>, account: OwnerAddress): Caller {
  return async (call) => {
    const called = await callAccount(c.env, c.var.config, account, call);
    return called.ok ? called : err(problemResponse(describeAccountUnavailable()));
  };
}

type Asker = { readonly account: OwnerAddress; /** Null: the wallet itself. */ readonly key: KeyRow | null };

/** For the wallet of the account, or any live key of it. */
async function asAccount(
  c: Context<AppEnv>,
  answer: (asker: Asker, call: Caller) => Promise<Response>,
): Promise<Response> {
  const bearer = bearerOf(c);
  if (bearer === null) {
    const wallet = await readWallet(c);
    if (!wallet.ok) return problem(c, wallet.error);
    const account = wallet.value.address;
    return answer({ account, key: null }, callerOf(c, account));
  }
  const read = readApiKey(bearer, c.var.config.ingestTagKey);
  if (!read.ok) return problemResponse(describeKeyRefusal({ status: 'unknown-key' }));
  const { account, hash } = read.value;
  const call = callerOf(c, account);
  const known = await call((own) => own.knowKey(hash));
  if (!known.ok) return known.error;
  const { value } = known;
  return value.status === 'known'
    ? answer({ account, key: value.key }, call)
    : problemResponse(describeKeyRefusal(value));
}

function toApiKey({ id, name, scopes, createdMs, expiresMs, monthlyLimit, lastUsedDay, revokedMs }: KeyRow): ApiKey {
  return {
    id,
    name,
    scopes,
    created: rfc3339(createdMs),
    expires: expiresMs === null ? null : rfc3339(expiresMs),
    monthlyLimit: monthlyLimit === null ? null : toAmount(BigInt(monthlyLimit)),
    lastUsed: lastUsedDay,
    revoked: revokedMs === null ? null : rfc3339(revokedMs),
  };
}

function toAmount(amount: bigint): Usdc {
  return { amount: String(amount), usdc: formatUsdc(amount) };
}
