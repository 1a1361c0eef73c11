/**
 * The network as a stranger reads it: free routes only, and every answer checked before it is used. What can be computed
 * from evidence and chain may be withheld; evidence may not.
 */
import { z } from 'zod';
import type { RegionCell } from '../../core/ids.ts';
import { decodeUsage, encodeUsage, NO_USAGE, type UsageFacts } from '../../core/reward/usage.ts';
import { Refusal } from '../lib/say.ts';

const TIMEOUT_MS = 30_000;
const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/);
const transaction = z.string().regex(/^0x[0-9a-f]{64}$/);
const cell = z.string().regex(/^83[0-9a-f]{4}f{9}$/);

const STATUS = z.object({
  network: z.object({
    rules: z.string(),
    ruleSetHash: hex32,
    chainId: z.number(),
    contracts: z.object({ token: address, distributor: address, usdc: address }),
  }),
});
const EPOCH = z.object({
  epoch: z.number(),
  state: z.string(),
  root: z.string(),
  dataRoot: z.string(),
  total: z.string(),
  reserved: z.string(),
  usdcTotal: z.string(),
  sales: z.number(),
  usageHash: hex32,
  recipients: z.number(),
  devices: z.number(),
  reportHash: hex32,
  commitTransaction: transaction.nullable(),
  mintTransactions: z.array(transaction),
  payouts: z.array(
    z.object({
      owner: z.string(),
      amount: z.string(),
      usdc: z.string(),
      shares: z.array(z.object({ device: z.string(), scoreBps: z.number(), amount: z.string() })),
    }),
  ),
});
const REGIONS = z.object({ regions: z.array(cell) });
const EVIDENCE = z.object({
  segments: z.array(
    z.object({ key: z.string(), fromSeq: z.number(), toSeq: z.number(), root: z.string(), hour: z.number() }),
  ),
});

const payee = z.string().regex(/^0x[0-9a-f]{40}$/);
const USAGE = z.strictObject({
  format: z.literal('isobar-usage-1'),
  epoch: z.number(),
  payees: z.strictObject({ auction: payee, treasury: payee }).nullable(),
  operators: z.array(z.strictObject({ cell, operator: payee })),
  devices: z.array(z.strictObject({ device: z.string(), owner: payee, cell })),
  sales: z.array(
    z.strictObject({
      id: z.string(),
      kind: z.enum(['x402', 'credit', 'top-up']),
      usdc: z.string().regex(/^(0|[1-9]\d{0,30})$/),
      served: z.array(z.tuple([z.string(), z.int().nonnegative()])),
      transaction: transaction.nullable(),
      soldMs: z.int(),
    }),
  ),
});

export type NetworkStatus = z.infer<typeof STATUS>['network'];
export type PublishedEpoch = z.infer<typeof EPOCH>;

export class PublicApi {
  readonly #origin: string;

  constructor(api: string) {
    this.#origin = api.replace(/\/+$/, '');
  }

  async status(): Promise<NetworkStatus> {
    return (await this.#json('/v1/status', STATUS)).network;
  }

  /** Null: not told. */
  async epoch(epoch: number): Promise<PublishedEpoch | null> {
    return this.#json(`/v1/epochs/${epoch}`, EPOCH, true);
  }

  /** Null: not told. */
  async report(hash: string): Promise<string | null> {
    return (await this.#get(`/v1/reports/${hash}`, true))?.text() ?? null;
  }

  /** Every epoch has a usage list; one that is not told is taken for empty. */
  async usage(epoch: number): Promise<{ readonly text: string; readonly facts: UsageFacts }> {
    const text = (await (await this.#get(`/v1/usage/${epoch}`, true))?.text()) ?? encodeUsage(epoch, NO_USAGE);
    const checked = USAGE.safeParse(jsonOf(text));
    if (checked.success) return { text, facts: decodeUsage(text) };
    const where = checked.error.issues[0]?.path.join('.') || 'all of it';
    throw new Refusal(`${this.#origin}/v1/usage/${epoch} is no usage list (${where})`);
  }

  /** Those with evidence. */
  async regions(): Promise<readonly RegionCell[]> {
    const answer = await this.#json('/v1/evidence', REGIONS);
    return answer.regions.map((region) => region as RegionCell);
  }

  async segments(region: RegionCell): Promise<z.infer<typeof EVIDENCE>['segments']> {
    return (await this.#json(`/v1/evidence/${region}`, EVIDENCE)).segments;
  }

  /** As stored: gzip. */
  async segment(region: RegionCell, file: string): Promise<Uint8Array> {
    return new Uint8Array(await (await this.#get(`/v1/evidence/${region}/${file}`)).arrayBuffer());
  }

  async #json<T>(path: string, shape: z.ZodType<T>): Promise<T>;
  async #json<T>(path: string, shape: z.ZodType<T>, mayBeWithheld: true): Promise<T | null>;
  async #json<T>(path: string, shape: z.ZodType<T>, mayBeWithheld?: true): Promise<T | null> {
    const response = mayBeWithheld ? await this.#get(path, true) : await this.#get(path);
    if (response === null) return null;
    const checked = shape.safeParse(await response.json().catch(() => null));
    if (checked.success) return checked.data;
    const where = checked.error.issues[0]?.path.join('.') || 'the answer';
    throw new Refusal(`${this.#origin}${path} is not an answer of an Isobar network (${where}); is --api right?`);
  }

  async #get(path: string): Promise<Response>;
  async #get(path: string, mayBeWithheld: true): Promise<Response | null>;
  async #get(path: string, mayBeWithheld?: true): Promise<Response | null> {
    const url = this.#origin + path;
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(() => {
      throw new Refusal(`the network does not answer at ${this.#origin}; is it running, and is --api right?`);
    });
    if (response.ok) return response;
    const problem = z.object({ detail: z.string() }).safeParse(await response.json().catch(() => null));
    if (mayBeWithheld) return null;
    throw new Refusal(`${url} answers ${response.status}${problem.success ? `: ${problem.data.detail}` : ''}`);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A SyntaxError: no JSON.
    return null;
  }
}
