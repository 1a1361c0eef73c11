import type { BatchEffect } from '../../core/region/apply-batch.ts';
import type { Receipt } from '../../core/region/receipt.ts';
import type { RuleSet } from '../../core/rules/rule-set.ts';
import type { DeviceId, RegionCell } from '../../core/ids.ts';
import { rfc3339 } from '../../core/time.ts';

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
