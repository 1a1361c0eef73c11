/** What somebody wants to be told: that a quantity crossed a limit, or that data which they bought was found false. */
import { parseDeviceId, parseRegionCell, type DeviceId, type RegionCell } from '../ids.ts';
import { QUANTITIES, quantityByCode } from '../reading/quantity.ts';
import { err, ok, type Result } from '../result.ts';

export type Topic = ThresholdTopic | { readonly kind: 'recall' };

export type ThresholdTopic = {
  readonly kind: 'threshold';
  /** Code of the catalogue. */
  readonly quantity: string;
  readonly direction: 'above' | 'below';
  /** In the quantity's unit; an hourly mean beyond it, not at it, crosses. */
  readonly limit: number;
  readonly scope: TopicScope;
};

export type TopicScope =
  | { readonly kind: 'cell'; readonly cell: RegionCell }
  | { readonly kind: 'devices'; readonly devices: readonly DeviceId[] };

export type BadTopic = { readonly reason: 'bad-field'; readonly pointer: string; readonly detail: string };

export const MAX_TOPIC_DEVICES = 100;
const FIELDS: Readonly<Record<Topic['kind'], readonly string[]>> = {
  threshold: ['url', 'on', 'quantity', 'above', 'below', 'cell', 'devices'],
  recall: ['url', 'on'],
};

const bad = (pointer: string, detail: string): Result<never, BadTopic> => err({ reason: 'bad-field', pointer, detail });

/** Fields of `POST /v1/webhooks`, beside `url`. */
export function parseTopic(fields: Readonly<Record<string, unknown>>): Result<Topic, BadTopic> {
  const { on } = fields;
  if (on !== 'threshold' && on !== 'recall') return bad('/on', 'must be threshold or recall');
  const strange = Object.keys(fields).find((name) => !FIELDS[on].includes(name));
  if (strange !== undefined) return bad(`/${strange.slice(0, 40)}`, `is no field of ${on}: ${FIELDS[on].join(', ')}`);
  if (on === 'recall') return ok({ kind: 'recall' });
  const quantity = typeof fields['quantity'] === 'string' ? quantityByCode(fields['quantity']) : undefined;
  if (quantity === undefined)
    return bad('/quantity', `must be one of ${QUANTITIES.map(({ code }) => code).join(', ')}`);
  const { above, below } = fields;
  if ((above === undefined) === (below === undefined)) return bad('/above', 'give either above or below');
  const limit = above ?? below;
  const direction = above === undefined ? 'below' : 'above';
  if (typeof limit !== 'number' || !Number.isFinite(limit))
    return bad(`/${direction}`, `must be a number in ${quantity.unit}`);
  const scope = parseScope(fields['cell'], fields['devices']);
  return scope.ok ? ok({ kind: 'threshold', quantity: quantity.code, direction, limit, scope: scope.value }) : scope;
}

function parseScope(cell: unknown, devices: unknown): Result<TopicScope, BadTopic> {
  if ((cell === undefined) === (devices === undefined)) return bad('/cell', 'give either cell or devices');
  if (cell !== undefined) {
    const parsed = parseRegionCell(cell);
    return parsed.ok
      ? ok({ kind: 'cell', cell: parsed.value })
      : bad('/cell', 'must be an H3 cell of resolution 3, 15 lower-case hex digits');
  }
  if (!Array.isArray(devices) || devices.length === 0 || devices.length > MAX_TOPIC_DEVICES)
    return bad('/devices', `must be an array of 1 to ${MAX_TOPIC_DEVICES} device ids`);
  const unique = new Set<DeviceId>();
  for (const [at, text] of (devices as readonly unknown[]).entries()) {
    const parsed = parseDeviceId(text);
    if (!parsed.ok) return bad(`/devices/${at}`, 'must be a did:key of Ed25519 or P-256');
    unique.add(parsed.value);
  }
  return ok({ kind: 'devices', devices: [...unique].toSorted() });
}
