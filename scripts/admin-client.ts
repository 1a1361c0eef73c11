/** The admin routes of the network, for the commands and for `npm start`. Refusals come back as values. */
import type { MembershipStatus } from '../core/region/entry.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { MinterResumption } from '../schema/api/public.ts';
import { type NetworkProblem, readProblem } from '../sensors/client/problem.ts';
import { Refusal } from './lib/say.ts';

/** Body of `PUT /v1/admin/devices/{did}`. */
export type DeviceRecord = {
  /** Version that the change is based on, 0 for a new device. */
  readonly version: number;
  readonly cell: string;
  readonly status: MembershipStatus;
  readonly owner: string;
  readonly displayName: string;
  readonly place: string;
  readonly latitudeE5: number;
  readonly longitudeE5: number;
  readonly elevationM: number | null;
  readonly tier: 0 | 1 | 2;
};

export type RegisteredDevice = { readonly device: string; readonly version: number; readonly ingestPath: string };

export type AdminClient = {
  readonly putRegion: (
    cell: string,
    region: { readonly name: string; readonly boundary: readonly (readonly [number, number])[] },
  ) => Promise<Result<unknown, NetworkProblem>>;
  readonly putOperator: (cell: string, operator: string | null) => Promise<Result<unknown, NetworkProblem>>;
  readonly getDevice: (did: string) => Promise<Result<DeviceRecord, NetworkProblem>>;
  readonly putDevice: (did: string, record: DeviceRecord) => Promise<Result<RegisteredDevice, NetworkProblem>>;
  readonly addMaintenance: (did: string, from: string, until: string) => Promise<Result<unknown, NetworkProblem>>;
  readonly addRecall: (
    did: string,
    recall: {
      readonly from: string;
      readonly until: string;
      readonly reason: string;
      readonly quantities: readonly string[] | null;
    },
  ) => Promise<Result<unknown, NetworkProblem>>;
  readonly refold: () => Promise<Result<unknown, NetworkProblem>>;
  readonly resumeMinter: () => Promise<Result<MinterResumption, NetworkProblem>>;
};

export function createAdminClient(api: string, token: string): AdminClient {
  async function call<T>(method: string, path: string, body?: object): Promise<Result<T, NetworkProblem>> {
    const response = await request(new URL(`/v1/admin${path}`, api), {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    // Answers of our own admin routes: their shape is the contract of this file.
    return response.ok ? ok((await response.json()) as T) : err(await readProblem(response));
  }
  return {
    putRegion: (cell, region) => call('PUT', `/regions/${cell}`, region),
    putOperator: (cell, operator) => call('PUT', `/regions/${cell}/operator`, { operator }),
    getDevice: (did) => call('GET', `/devices/${did}`),
    putDevice: (did, record) => call('PUT', `/devices/${did}`, record),
    addMaintenance: (did, from, until) => call('POST', `/devices/${did}/maintenance`, { from, until }),
    addRecall: (did, recall) => call('POST', `/devices/${did}/recalls`, recall),
    refold: () => call('POST', '/refold', {}),
    resumeMinter: () => call('POST', '/minter/resume', {}),
  };
}

/** A network that does not answer is an expected failure of a command. */
export async function request(url: URL, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    throw new Refusal(`no answer from ${url.origin}${cause}. Is the network running (npm start)?`);
  }
}

/** The value, or the problem as the command's last line. */
export function orRefuse<T>(result: Result<T, NetworkProblem>): T {
  if (result.ok) return result.value;
  throw new Refusal(sentenceOf(result.error));
}

export function sentenceOf({ status, code, detail, remedy }: NetworkProblem): string {
  return `${code} (HTTP ${status}): ${detail}${remedy === null ? '' : ` ${remedy}`}`;
}
