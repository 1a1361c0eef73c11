/** What the registry Worker is given, and what its code may use. */
import type { Context } from 'hono';
import { parseOwnerAddress } from '../../core/ids.ts';
import type { ActDomain } from '../../core/lifecycle/typed-data.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Region } from '../../durable-objects/region/region.ts';
import { parseAuthorities, type BadConfig } from '../env.ts';

export type RegistryBindings = {
  readonly REGION: DurableObjectNamespace<Region>;
  readonly DB: D1Database;
  readonly CHAIN_ID: string;
  readonly AUTHORITIES: string;
  readonly DISTRIBUTOR_ADDRESS: string;
  readonly INGEST_TAG_KEY: string;
  /** Absent where there is one computer: nothing is counted there. */
  readonly CLAIMS_LIMIT?: RateLimit;
};

export type RegistryConfig = {
  /** Lower-case hosts, with port where it is not the default. */
  readonly authorities: ReadonlySet<string>;
  /** What owners sign for. */
  readonly domain: ActDomain;
  readonly ingestTagKey: string;
};

export type RegistryEnv = {
  Bindings: RegistryBindings;
  Variables: { config: RegistryConfig; requestId: string };
};
export type RegistryContext = Context<RegistryEnv>;

const bad = (variable: string, detail: string): Result<never, BadConfig> =>
  err({ reason: 'bad-config', variable, detail });

export function checkRegistryConfig(env: RegistryBindings): Result<RegistryConfig, BadConfig> {
  const chainId = Number(env.CHAIN_ID);
  if (!Number.isSafeInteger(chainId) || chainId <= 0) return bad('CHAIN_ID', 'must be a positive whole number');
  const contract = parseOwnerAddress(env.DISTRIBUTOR_ADDRESS);
  if (!contract.ok) return bad('DISTRIBUTOR_ADDRESS', 'must be 0x and 40 hex digits');
  const authorities = parseAuthorities(env.AUTHORITIES);
  if (authorities.size === 0) return bad('AUTHORITIES', 'must name at least one host');
  if ((env.INGEST_TAG_KEY ?? '').length < 16) return bad('INGEST_TAG_KEY', 'must have at least 16 characters');
  return ok({ authorities, domain: { chainId, contract: contract.value }, ingestTagKey: env.INGEST_TAG_KEY });
}
