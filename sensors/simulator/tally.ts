/** What a fleet has seen so far, and one line about it. */
import type { Uploaded, UploadFailure } from '../client/upload.ts';

export type Tally = {
  accepted: number;
  repeated: number;
  readings: number;
  duplicate: number;
  late: number;
  unreachable: number;
  /** Batches by problem code. */
  readonly refused: Map<string, number>;
  /** Readings refused in receipts, by code. */
  readonly refusedReadings: Map<string, number>;
  /** Flags in receipts, by test. */
  readonly flags: Map<string, number>;
};

export function emptyTally(): Tally {
  return {
    accepted: 0,
    repeated: 0,
    readings: 0,
    duplicate: 0,
    late: 0,
    unreachable: 0,
    refused: new Map(),
    refusedReadings: new Map(),
    flags: new Map(),
  };
}

export function countUploaded(tally: Tally, uploaded: Uploaded): void {
  if (uploaded.status === 'accepted') tally.accepted++;
  else tally.repeated++;
  if (uploaded.status === 'expired') return;
  const { readings, flags } = uploaded.receipt;
  tally.readings += readings.accepted;
  tally.duplicate += readings.duplicate;
  tally.late += readings.late;
  for (const refused of readings.refused) count(tally.refusedReadings, refused.code);
  for (const flag of flags) count(tally.flags, flag.test);
}

export function countFailure(tally: Tally, failure: UploadFailure): void {
  if (failure.reason === 'unreachable') tally.unreachable++;
  else count(tally.refused, failure.problem.code);
}

export function summaryLine(tally: Tally, devices: number): string {
  const parts = [
    `${devices} devices`,
    `${tally.accepted} batches accepted (${tally.readings} readings${tally.late > 0 ? `, ${tally.late} late` : ''})`,
    `${tally.repeated} repeated`,
    `refused: ${listOf(tally.refused)}`,
    `flags: ${listOf(tally.flags)}`,
  ];
  if (tally.duplicate > 0) parts.push(`${tally.duplicate} readings known already`);
  if (tally.refusedReadings.size > 0) parts.push(`readings refused: ${listOf(tally.refusedReadings)}`);
  if (tally.unreachable > 0) parts.push(`${tally.unreachable} times unreachable`);
  return parts.join(' · ');
}

/** At the end: everything that was counted, a line each. */
export function tableLines(tally: Tally): readonly string[] {
  const row = (name: string, value: number): string => `  ${name.padEnd(28)}${String(value).padStart(9)}`;
  const rows = (title: string, counts: ReadonlyMap<string, number>): readonly string[] =>
    [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, times]) => row(`${title} ${name}`, times));
  return [
    row('batches accepted', tally.accepted),
    row('batches repeated', tally.repeated),
    ...rows('batches refused', tally.refused),
    row('times unreachable', tally.unreachable),
    row('readings accepted', tally.readings),
    row('readings known already', tally.duplicate),
    row('readings late', tally.late),
    ...rows('readings refused', tally.refusedReadings),
    ...rows('flags at receipt', tally.flags),
  ];
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function listOf(counts: ReadonlyMap<string, number>): string {
  const items = [...counts].toSorted(([, a], [, b]) => b - a).map(([key, times]) => `${times} ${key}`);
  return items.length === 0 ? 'none' : items.join(', ');
}
