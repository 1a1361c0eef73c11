/** The logs of the region objects as they lie on disk, read past the runtime; it must be stopped or killed. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { DeviceId, RegionCell } from '../../core/ids.ts';
import { unpackReadings } from '../../core/reading/pack.ts';
import { quantityByIndex } from '../../core/reading/quantity.ts';
import { decodeEntry, isEntryKind } from '../../core/region/codec.ts';
import type { BatchBody, LogEntry } from '../../core/region/entry.ts';
import { applyEntry } from '../../core/region/fold.ts';
import { noOutputs } from '../../core/region/outputs.ts';
import { emptyState, encodeState, type RegionState } from '../../core/region/state.ts';
import { ruleSetByName } from '../../core/rules/by-name.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';

export type StoredBatch = BatchBody & {
  readonly seq: number;
  readonly receivedMs: number;
  readonly device: DeviceId;
};

export type StoredLog = {
  readonly cell: RegionCell;
  /** In the order of the log. */
  readonly batches: readonly StoredBatch[];
  /** Where the fold saw a device's batches part. */
  readonly forks: number;
  /** sha-256 of the state after this entry, folded here and now from the first entry on. */
  stateHash(seq: number): string;
};

/** @param workersDir `dir` of the RuntimeOptions */
export function readStoredLogs(workersDir: string): readonly StoredLog[] {
  const folder = join(workersDir, 'storage/do/isobar-edge-Region');
  const files = readdirSync(folder).filter((name) => name.endsWith('.sqlite') && name !== 'metadata.sqlite');
  return files
    .map((name) => toStoredLog(readEntries(join(folder, name))))
    .toSorted((a, b) => (a.cell < b.cell ? -1 : 1));
}

function readEntries(path: string): readonly LogEntry[] {
  const database = new DatabaseSync(path);
  try {
    const tables = database.prepare(`SELECT name FROM sqlite_master WHERE name GLOB 'log_[0-9]*'`).all();
    const rows = tables.flatMap(({ name }) =>
      database.prepare(`SELECT seq, received_ms, kind, body FROM ${String(name)}`).all(),
    );
    return rows.map(toEntry).toSorted((a, b) => a.seq - b.seq);
  } finally {
    database.close();
  }
}

function toEntry({ seq, received_ms: receivedMs, kind, body }: Record<string, unknown>): LogEntry {
  if (!isEntryKind(kind) || !(body instanceof Uint8Array)) throw new Error(`row ${String(seq)} is no log entry`);
  const entry = decodeEntry({ seq: Number(seq), receivedMs: Number(receivedMs), kind, body });
  if (!entry.ok) throw new Error(`entry ${entry.error.seq}: ${entry.error.detail}`);
  return entry.value;
}

function toStoredLog(entries: readonly LogEntry[]): StoredLog {
  const { charter, devices } = fold(entries);
  if (charter === null) throw new Error('a log without a charter');
  const toBatch = (entry: LogEntry & BatchBody): StoredBatch => {
    const device = devices[entry.slot]?.membership.device;
    if (device === undefined) throw new Error(`entry ${entry.seq} has the unknown slot ${entry.slot}`);
    return { ...entry, device };
  };
  return {
    cell: charter.cell,
    batches: entries.filter((entry) => entry.kind === 'batch').map(toBatch),
    forks: devices.reduce((sum, { chain }) => sum + (chain?.forks.length ?? 0), 0),
    stateHash: (seq) => bytesToHex(sha256(encodeState(fold(entries.filter((entry) => entry.seq <= seq))))),
  };
}

function fold(entries: readonly LogEntry[]): RegionState {
  const state = emptyState();
  for (const entry of entries) {
    const rules = ruleSetByName(state.charter?.rules ?? 'main') ?? MAIN_RULES;
    applyEntry(state, entry, rules, noOutputs());
  }
  return state;
}

/** `device quantity time value` of each reading in the batch, as a name that two readings share only if they are the same. */
export function readingNames(batch: StoredBatch): readonly string[] {
  const readings = unpackReadings(batch.readings);
  if (!readings.ok) throw new Error(`entry ${batch.seq}: ${readings.error.detail}`);
  return readings.value.map(({ quantity: index, measuredMs, steps }) => {
    const quantity = quantityByIndex(index);
    if (!quantity) throw new Error(`entry ${batch.seq} has the unknown quantity ${index}`);
    return `${batch.device} ${quantity.code} ${measuredMs} ${steps / quantity.stepsPerUnit}`;
  });
}
