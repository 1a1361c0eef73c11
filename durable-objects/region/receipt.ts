import type { BatchEffect } from '../../core/region/apply-batch.ts';
import type { Receipt } from '../../core/region/receipt.ts';
import type { RuleSet } from '../../core/rules/rule-set.ts';
import type { DeviceId, RegionCell } from '../../core/ids.ts';
import { rfc3339 } from '../../core/time.ts';
import type { IngestReply } from './api.ts';
import type { RegionStore } from './store.ts';

export function receiptId(cell: RegionCell, seq: number): string {
  return `${cell}-${seq}`;
}

export function buildReceipt(
  cell: RegionCell,
  device: DeviceId,
  seq: number,
  receivedMs: number,
  effect: BatchEffect,
  rules: RuleSet,
): Receipt {
  const { flags, provisional, ...readings } = effect;
  return {
    receipt: receiptId(cell, seq),
    device,
    region: cell,
    received: rfc3339(receivedMs),
    readings,
    flags,
    provisional,
    next: { interval: rules.time.hourSeconds },
  };
}

/** What the first answer to entry `seq` was, as long as it is kept. */
export function repeatReceipt(
  store: RegionStore,
  cell: RegionCell,
  seq: number,
  nowMs: number,
  { time }: RuleSet,
): IngestReply {
  const stored = store.receiptOf(seq);
  return stored === null || nowMs - stored.receivedMs > time.receiptSeconds * 1000
    ? { status: 'expired', receipt: receiptId(cell, seq) }
    : { status: 'repeated', receipt: JSON.parse(stored.receipt) as Receipt };
}
