/**
 * What the runtime gives (`EdgeBindings`) and what the code may use (`EdgeConfig`). Strings are parsed once an isolate;
 * below this file nobody sees `env.SOMETHING`.
 */
import { parseOwnerAddress } from '../core/ids.ts';
import { ruleSetByName } from '../core/rules/by-name.ts';
import { hashRuleSet, type RuleSet } from '../core/rules/rule-set.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Account } from '../durable-objects/account/account.ts';
import type { ExportJob } from '../durable-objects/export-job/export-job.ts';
import type { Region } from '../durable-objects/region/region.ts';
import type { Settler } from '../durable-objects/settler/settler.ts';
import type { Notifier } from '../durable-objects/notifier/notifier.ts';
import type { Minter } from '../durable-objects/minter/minter.ts';

export type EdgeBindings = {
  readonly REGION: DurableObjectNamespace<Region>;
  readonly SETTLER: DurableObjectNamespace<Settler>;
  readonly ACCOUNT: DurableObjectNamespace<Account>;
  readonly EXPORT_JOB: DurableObjectNamespace<ExportJob>;
  readonly NOTIFIER: DurableObjectNamespace<Notifier>;
  readonly MINTER: DurableObjectNamespace<Minter>;
  readonly DB: D1Database;
  readonly ARCHIVE: R2Bucket;
  readonly ASSETS?: Fetcher;
  /** Cloudflare's counters of requests by address (worker/middleware/rate-limit.ts); without them nothing is limited. */
  readonly UNPAID_LIMIT?: RateLimit;
  readonly PAID_LIMIT?: RateLimit;
  readonly RULES: string;
  readonly CHAIN_ID: string;
  readonly RPC_URL: string;
  readonly AUTHORITIES: string;
  readonly TOKEN_ADDRESS: string;
  readonly DISTRIBUTOR_ADDRESS: string;
  readonly USDC_ADDRESS: string;
  readonly INGEST_TAG_KEY: string;
  readonly ADMIN_TOKEN: string;
};

export type EdgeConfig = {
  readonly rules: RuleSet;
  readonly ruleSetHash: string;
  readonly chain: ChainConfig;
  /** Lower-case hosts, with port where it is not the default. */
  readonly authorities: ReadonlySet<string>;
  readonly ingestTagKey: string;
  readonly adminToken: string;
};

export type ChainConfig = {
  readonly chainId: number;
  readonly rpcUrl: string;
  readonly token: `0x${string}`;
  readonly distributor: `0x${string}`;
  readonly usdc: `0x${string}`;
};

export type BadConfig = { readonly reason: 'bad-config'; readonly variable: string; readonly detail: string };

const bad = (variable: string, detail: string): Result<never, BadConfig> =>
  err({ reason: 'bad-config', variable, detail });

type ChainVariables = Pick<
  EdgeBindings,
  'CHAIN_ID' | 'RPC_URL' | 'TOKEN_ADDRESS' | 'DISTRIBUTOR_ADDRESS' | 'USDC_ADDRESS'
>;

export function checkChainConfig(env: ChainVariables): Result<ChainConfig, BadConfig> {
  const chainId = Number(env.CHAIN_ID);
  if (!Number.isSafeInteger(chainId) || chainId <= 0) return bad('CHAIN_ID', 'must be a positive whole number');
  if (!URL.canParse(env.RPC_URL)) return bad('RPC_URL', 'must be a URL');
  const token = parseOwnerAddress(env.TOKEN_ADDRESS);
  if (!token.ok) return bad('TOKEN_ADDRESS', 'must be 0x and 40 hex digits');
  const distributor = parseOwnerAddress(env.DISTRIBUTOR_ADDRESS);
  if (!distributor.ok) return bad('DISTRIBUTOR_ADDRESS', 'must be 0x and 40 hex digits');
  const usdc = parseOwnerAddress(env.USDC_ADDRESS);
  if (!usdc.ok) return bad('USDC_ADDRESS', 'must be 0x and 40 hex digits');
  return ok({ chainId, rpcUrl: env.RPC_URL, token: token.value, distributor: distributor.value, usdc: usdc.value });
}

export function parseAuthorities(list: string | undefined): ReadonlySet<string> {
  const hosts = (list ?? '').split(',').map((host) => host.trim().toLowerCase());
  return new Set(hosts.filter((host) => host !== ''));
}

export function checkEdgeConfig(env: EdgeBindings): Result<EdgeConfig, BadConfig> {
  const rules = ruleSetByName(env.RULES);
  if (!rules) return bad('RULES', 'must be main or local');
  const chain = checkChainConfig(env);
  if (!chain.ok) return chain;
  const authorities = parseAuthorities(env.AUTHORITIES);
  if (authorities.size === 0) return bad('AUTHORITIES', 'must name at least one host');
  if ((env.INGEST_TAG_KEY ?? '').length < 16) return bad('INGEST_TAG_KEY', 'must have at least 16 characters');
  if ((env.ADMIN_TOKEN ?? '').length < 16) return bad('ADMIN_TOKEN', 'must have at least 16 characters');
  return ok({
    rules,
    ruleSetHash: hashRuleSet(rules),
    chain: chain.value,
    authorities,
    ingestTagKey: env.INGEST_TAG_KEY,
    adminToken: env.ADMIN_TOKEN,
  });
}
