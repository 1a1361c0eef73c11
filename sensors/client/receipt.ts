/**
 * The network's word for a batch, read strictly: a portal of a hotel that answers 200 to everything must not be taken for a
 * network that has the readings.
 */
import type { DeviceId } from '../../core/ids.ts';
import type { Receipt } from '../../core/region/receipt.ts';

export type Uploaded =
  | { readonly status: 'accepted' | 'repeated'; readonly receipt: Receipt }
  /** Accepted long ago: the network keeps only the receipt's name. */
  | { readonly status: 'expired'; readonly receipt: string };

/** Undefined: no receipt of this device. */
export function readReceipt(status: number, body: unknown, device: DeviceId): Uploaded | undefined {
  const answer = objectOf(body);
  const name = answer?.['receipt'];
  if (answer === undefined || typeof name !== 'string' || name === '') return undefined;
  if (answer['expired'] === true) return { status: 'expired', receipt: name };
  const readings = objectOf(answer['readings']);
  const isWhole =
    answer['device'] === device &&
    ['accepted', 'duplicate', 'late'].every((count) => Number.isSafeInteger(readings?.[count])) &&
    Array.isArray(readings?.['refused']) &&
    Array.isArray(answer['flags']);
  // What was looked at is what a client relies on; the rest is shown to people.
  return isWhole ? { status: status === 201 ? 'accepted' : 'repeated', receipt: body as Receipt } : undefined;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? { ...value } : undefined;
}
