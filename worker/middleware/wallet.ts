/** Who signed a request, by `Authorization: SIWE ...` (docs/api.md, "Owners"). */
import type { Context } from 'hono';
import { err, ok, type Result } from '../../core/result.ts';
import { nowMs } from '../adapters/clock.ts';
import type { BadSignIn, Expected, SignIn } from '../adapters/sign-in.ts';
import type { OwnerAddress } from '../../core/ids.ts';
import type { AppEnv } from '../context.ts';
import { problem } from './problem.ts';

/** Longer than any message that we take. */
const MAX_HEADER_CHARACTERS = 4500;

export async function readWallet(
  c: Context<AppEnv>,
  changeBy: Expected['changeBy'] = null,
): Promise<Result<SignIn, BadSignIn>> {
  const header = c.req.header('authorization') ?? '';
  if (header === '') return err({ reason: 'bad-sign-in', detail: 'there is no Authorization header' });
  if (header.length > MAX_HEADER_CHARACTERS) return err({ reason: 'bad-sign-in', detail: 'the header is too long' });
  const { readSignIn } = await import('../adapters/sign-in.ts');
  const { authorities, chain } = c.var.config;
  return readSignIn(header, { authorities, chainId: chain.chainId, path: c.req.path, changeBy, nowMs: nowMs() });
}

/** The wallet where the request is signed by one; null: it is not, and need not be. */
export async function readWalletIfAny(c: Context<AppEnv>): Promise<Result<SignIn | null, BadSignIn>> {
  return c.req.header('authorization')?.startsWith('SIWE ') === true ? readWallet(c) : ok(null);
}

export type Asker = OwnerAddress | null;

/** Whose devices a query need not pay for. */
export async function readAsker(c: Context<AppEnv>): Promise<Result<Asker, Response>> {
  const wallet = await readWalletIfAny(c);
  return wallet.ok ? ok(wallet.value?.address ?? null) : err(problem(c, wallet.error));
}

/** What is free for its owner must not be had by others for the price that the owner was told. */
export function askedBy(canonical: string, asker: Asker): string {
  return asker === null ? canonical : `${canonical}&owner=${asker}`;
}
