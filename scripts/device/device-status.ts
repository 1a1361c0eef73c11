/** All that can be said of one device without its owner's signature. */
import { readFile } from 'node:fs/promises';
import { commitPosition } from '../../core/lifecycle/position.ts';
import type { DeviceAnswer } from '../../schema/api/places.ts';
import type { EpochAnswer, EpochsAnswer } from '../../schema/api/public.ts';
import type { EventsAnswer } from '../../schema/api/registry.ts';
import { type NetworkProblem, readProblem } from '../../sensors/client/problem.ts';
import { Queue } from '../../sensors/client/queue.ts';
import { request, sentenceOf } from '../admin-client.ts';
import { Refusal } from '../lib/say.ts';
import { eventsUrl } from '../registry/routes.ts';
import { readRules, readStatus } from './network-rules.ts';
import { type DeviceState, queueFileOf } from './state.ts';

type Events = readonly Pick<EventsAnswer['events'][number], 'kind' | 'act'>[];

export type DeviceStatus = {
  readonly device: string;
  readonly api: string;
  readonly keyFile: string | null;
  readonly ingestUrl: string | null;
  /** A batch that is on disk and not yet answered. */
  readonly isBatchWaiting: boolean;
  readonly lastReceipt: DeviceState['lastReceipt'];
  /** Null: the network does not know it. */
  readonly registered: DeviceAnswer | null;
  /** Of the last closed epoch; null before it. */
  readonly hours: { readonly inEpoch: number; readonly missing: number } | null;
  /** Amounts in base units that are computed and not yet final on the chain. */
  readonly pendingPay: { readonly epochs: readonly number[]; readonly amount: string };
  readonly maintenance: { readonly days: number; readonly hours: number; readonly announcedHours: number };
  readonly events: EventsAnswer['events'];
  /** The position behind the newest public digest: its file has it, or nobody here can show it. Null: no such digest or no file. */
  readonly isPositionKept: boolean | null;
};

export async function readDeviceStatus(
  api: string,
  device: string,
  keyFile: string | null,
  state: DeviceState | null,
): Promise<DeviceStatus> {
  const [registered, events, rules, { network, time }] = await Promise.all([
    find<DeviceAnswer>(new URL(`/v1/devices/${device}`, api)),
    find<EventsAnswer>(eventsUrl(api, device)),
    readRules(api),
    readStatus(api),
  ]);
  const day = registered?.day ?? null;
  const inEpoch = Math.round(network.epochSeconds / network.hourSeconds);
  const { maintenanceDays: days, maintenanceHours: hours } = rules.score;
  const fromMs = Date.parse(time) - days * network.epochSeconds * 1000;
  return {
    device,
    api,
    keyFile,
    ingestUrl: state?.address?.ingestUrl ?? null,
    isBatchWaiting: keyFile !== null && (await hasBatchWaiting(keyFile)),
    lastReceipt: state?.lastReceipt ?? null,
    registered,
    hours: day && { inEpoch, missing: Math.round((inEpoch * (10_000 - day.availabilityBps)) / 10_000) },
    pendingPay: await pendingPay(api, device),
    maintenance: { days, hours, announcedHours: announcedHours(events?.events ?? [], fromMs, network.hourSeconds) },
    events: events?.events ?? [],
    isPositionKept: state && isPositionKept(state, events?.events ?? []),
  };
}

/** Newest first, as the network lists them. */
export function isPositionKept({ positions }: Pick<DeviceState, 'positions'>, events: Events): boolean | null {
  const placed = events.find(({ kind }) => kind === 'claim' || kind === 'relocate');
  return placed === undefined ? null : positions.some((one) => commitPosition(one) === placed.act['position']);
}

/** Read without its lock: another command may be sending. */
async function hasBatchWaiting(keyFile: string): Promise<boolean> {
  const bytes = await readFile(queueFileOf(keyFile)).catch(() => new Uint8Array());
  return Queue.peek(bytes).pending !== null;
}

/** Payouts are public, by device. Epochs that are final are paid. */
async function pendingPay(api: string, device: string): Promise<DeviceStatus['pendingPay']> {
  const listed = await find<EpochsAnswer>(new URL('/v1/epochs', api));
  const open = (listed?.epochs ?? []).filter(({ state }) => state !== 'final' && state !== 'revoked');
  const answers = await Promise.all(open.map(({ epoch }) => find<EpochAnswer>(new URL(`/v1/epochs/${epoch}`, api))));
  const shares = answers.flatMap((answer) =>
    (answer?.payouts ?? [])
      .flatMap((payout) => payout.shares)
      .filter((share) => share.device === device)
      .map(({ amount }) => ({ epoch: answer?.epoch ?? 0, amount: BigInt(amount) })),
  );
  return {
    epochs: [...new Set(shares.map(({ epoch }) => epoch))],
    amount: shares.reduce((sum, { amount }) => sum + amount, 0n).toString(),
  };
}

/** In hours as the network counts them; windows may overlap, and count once. */
export function announcedHours(events: Events, fromMs: number, hourSeconds: number): number {
  let seconds = 0;
  let reached = fromMs / 1000;
  for (const { from, until } of windowsOf(events).toSorted((a, b) => a.from - b.from)) {
    seconds += Math.max(0, until - Math.max(from, reached));
    reached = Math.max(reached, until);
  }
  return Math.ceil(seconds / hourSeconds);
}

function windowsOf(events: Events): readonly { readonly from: number; readonly until: number }[] {
  return events
    .filter(({ kind }) => kind === 'maintenance')
    .map(({ act }) => ({ from: Number(act['from']), until: Number(act['until']) }));
}

/** Null where there is no such thing. */
async function find<T>(url: URL): Promise<T | null> {
  const response = await request(url);
  if (response.ok) return response.json<T>();
  const problem: NetworkProblem = await readProblem(response);
  if (response.status === 404) return null;
  throw new Refusal(sentenceOf(problem));
}
