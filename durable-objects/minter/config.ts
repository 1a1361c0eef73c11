/** What the Minter is given, parsed once an instance. The key never leaves this object and its signer. */
import { parseOwnerAddress } from '../../core/ids.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { ruleSetByName } from '../../core/rules/by-name.ts';
import type { RuleSet } from '../../core/rules/rule-set.ts';

export type MinterBindings = {
  readonly DB: D1Database;
  readonly ARCHIVE: R2Bucket;
  readonly RULES: string;
  readonly CHAIN_ID: string;
  readonly RPC_URL: string;
  readonly DISTRIBUTOR_ADDRESS: string;
  readonly COMMITTER_PRIVATE_KEY: string;
  /** The most that one commit or mint may cost, everything included. */
  readonly MAX_TRANSACTION_FEE_WEI: string;
};

export type MinterConfig = {
  readonly rules: RuleSet;
  readonly chainId: number;
  readonly rpcUrl: string;
  readonly distributor: `0x${string}`;
  readonly privateKey: `0x${string}`;
  readonly maxFeeWei: bigint;
};

export type BadMinterConfig = { readonly reason: 'bad-config'; readonly variable: string; readonly detail: string };

const bad = (variable: string, detail: string): Result<never, BadMinterConfig> =>
  err({ reason: 'bad-config', variable, detail });

export function checkMinterConfig(env: Omit<MinterBindings, 'DB' | 'ARCHIVE'>): Result<MinterConfig, BadMinterConfig> {
  const rules = ruleSetByName(env.RULES);
  if (!rules) return bad('RULES', 'must be main or local');
  const chainId = Number(env.CHAIN_ID);
  if (!Number.isSafeInteger(chainId) || chainId <= 0) return bad('CHAIN_ID', 'must be a positive whole number');
  if (!URL.canParse(env.RPC_URL)) return bad('RPC_URL', 'must be a URL');
  const distributor = parseOwnerAddress(env.DISTRIBUTOR_ADDRESS);
  if (!distributor.ok) return bad('DISTRIBUTOR_ADDRESS', 'must be 0x and 40 hex digits');
  const privateKey = env.COMMITTER_PRIVATE_KEY;
  if (!isPrivateKey(privateKey)) return bad('COMMITTER_PRIVATE_KEY', 'must be 0x and 64 hex digits');
  const maxFee = env.MAX_TRANSACTION_FEE_WEI;
  if (!/^[1-9][0-9]*$/.test(maxFee ?? '')) return bad('MAX_TRANSACTION_FEE_WEI', 'must be a whole number of wei');
  return ok({
    rules,
    chainId,
    rpcUrl: env.RPC_URL,
    distributor: distributor.value,
    privateKey,
    maxFeeWei: BigInt(maxFee),
  });
}

function isPrivateKey(given: unknown): given is `0x${string}` {
  return typeof given === 'string' && /^0x[0-9a-fA-F]{64}$/.test(given);
}
