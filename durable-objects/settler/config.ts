/** What the settler is given, checked before the first payment. */
import { err, ok, type Result } from '../../core/result.ts';
import type { SettlerBindings } from './api.ts';

export type SettlerConfig = {
  readonly chainId: number;
  readonly rpcUrl: string;
  readonly privateKey: `0x${string}`;
};

export type BadSettlerConfig = { readonly reason: 'bad-config'; readonly variable: string; readonly detail: string };

const bad = (variable: string, detail: string): Result<never, BadSettlerConfig> =>
  err({ reason: 'bad-config', variable, detail });

export function checkSettlerConfig(
  env: Pick<SettlerBindings, 'CHAIN_ID' | 'RPC_URL' | 'SETTLER_PRIVATE_KEY'>,
): Result<SettlerConfig, BadSettlerConfig> {
  const chainId = Number(env.CHAIN_ID);
  if (!Number.isSafeInteger(chainId) || chainId <= 0) return bad('CHAIN_ID', 'must be a positive whole number');
  if (!URL.canParse(env.RPC_URL)) return bad('RPC_URL', 'must be a URL');
  const privateKey = env.SETTLER_PRIVATE_KEY;
  if (!isPrivateKey(privateKey)) return bad('SETTLER_PRIVATE_KEY', 'must be 0x and 64 hex digits');
  return ok({ chainId, rpcUrl: env.RPC_URL, privateKey });
}

/** A secret that was not put is undefined, whatever its type says. */
function isPrivateKey(given: unknown): given is `0x${string}` {
  return typeof given === 'string' && /^0x[0-9a-fA-F]{64}$/.test(given);
}
