/**
 * What paid streams are told: accepted readings of the log from a cursor on. The sequence number is the cursor, so a stream
 * that begins again where it ended misses nothing and repeats nothing.
 */
import { statusOf } from '../../core/region/chain.ts';
import { decodeEntry } from '../../core/region/codec.ts';
import type { Receipt, ReceiptFlag } from '../../core/region/receipt.ts';
import { isUnderMaintenance } from '../../core/region/state.ts';
import { unpackReadings } from '../../core/reading/pack.ts';
import { quantityByIndex } from '../../core/reading/quantity.ts';
import { GOOD, type Reading } from '../../core/reading/reading.ts';
import { rfc3339 } from '../../core/time.ts';
import type { LiveBatch, LiveReading, ReadingsPage, ReadingsQuery } from './api.ts';
import type { RegionMemory } from './memory.ts';
import type { RegionStore } from './store.ts';

/** Looked at for one page, not given out: a page of 60-reading batches stays below a megabyte and 20 ms. */
const ENTRIES_A_PAGE = 200;

export function readingsSince(memory: RegionMemory, store: RegionStore, query: ReadingsQuery): ReadingsPage {
  const { firstSeq } = store;
  const headSeq = memory.state.seq;
  const fromSeq = Math.max(firstSeq, query.afterSeq + 1);
  const throughSeq = Math.max(query.afterSeq, Math.min(headSeq, fromSeq + ENTRIES_A_PAGE - 1));
  const batches: LiveBatch[] = [];
  for (const row of store.batches(fromSeq, throughSeq)) {
    const entry = decodeEntry(row);
    if (!entry.ok || entry.value.kind !== 'batch') continue;
    const device = memory.state.devices[entry.value.slot];
    // A quarantined device's data is stored and judged, not sold.
    if (device === undefined || statusOf(device) === 'quarantined') continue;
    if (query.devices !== null && !query.devices.includes(device.membership.device)) continue;
    const unpacked = unpackReadings(entry.value.readings);
    if (!unpacked.ok || row.receipt === null) continue;
    const sold = unpacked.value.filter(({ measuredMs }) => !isUnderMaintenance(device, measuredMs));
    const readings = toLive(sold, JSON.parse(row.receipt) as Receipt, query.quantities);
    if (readings.length === 0) continue;
    batches.push({ seq: row.seq, device: device.membership.device, receivedMs: row.receivedMs, readings });
  }
  return { firstSeq, throughSeq, headSeq, batches };
}

/** The receipt knows what was refused and what was flagged. */
function toLive(readings: readonly Reading[], receipt: Receipt, wanted: readonly string[]): readonly LiveReading[] {
  const { accepted, duplicate, refused } = receipt.readings;
  // The device sent again what it had sent before. Of a mixed batch the receipt does not tell which.
  if (accepted === 0 && duplicate > 0) return [];
  const isRefused = new Set(refused.map(({ quantity, time }) => `${quantity} ${time}`));
  const flags = Map.groupBy(receipt.flags, ({ quantity, time }) => `${quantity} ${time}`);
  return readings.flatMap((reading) => {
    const quantity = quantityByIndex(reading.quantity);
    if (quantity === undefined || !wanted.includes(quantity.code)) return [];
    const at = `${quantity.code} ${rfc3339(reading.measuredMs)}`;
    if (isRefused.has(at)) return [];
    const found: readonly ReceiptFlag[] = flags.get(at) ?? [];
    return [
      {
        quantity: quantity.code,
        measuredMs: reading.measuredMs,
        value: reading.steps / quantity.stepsPerUnit,
        flag: Math.max(GOOD, ...found.map(({ flag }) => flag)),
        tests: found.map(({ test }) => test),
      },
    ];
  });
}
