/**
 * The folded state in memory and its way back from storage: checkpoint plus tail, or the whole log. Outputs met while
 * folding are kept until they are published; a checkpoint is only written when none are left.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { BatchEffect } from '../../core/region/apply-batch.ts';
import type { EntryBody, LogEntry } from '../../core/region/entry.ts';
import { applyEntry } from '../../core/region/fold.ts';
import { noOutputs } from '../../core/region/outputs.ts';
import { decodeState, emptyState, encodeState, type RegionState } from '../../core/region/state.ts';
import { ruleSetByName } from '../../core/rules/by-name.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import type { RuleSet } from '../../core/rules/rule-set.ts';
import type { DeviceId } from '../../core/ids.ts';
import { epochStartMs } from '../../core/time.ts';
import type { Publication } from './publish.ts';

export class RegionMemory {
  readonly state: RegionState;
  /** Closed but not yet in D1 and R2, oldest first. */
  readonly unpublished: Publication[] = [];
  readonly #slots = new Map<DeviceId, number>();
  readonly #former = new Set<DeviceId>();

  constructor(state: RegionState) {
    this.state = state;
    this.#index();
  }

  static fromCheckpoint(bytes: Uint8Array): RegionMemory {
    return new RegionMemory(decodeState(bytes));
  }

  static empty(): RegionMemory {
    return new RegionMemory(emptyState());
  }

  get rules(): RuleSet {
    return ruleSetByName(this.state.charter?.rules ?? 'main') ?? MAIN_RULES;
  }

  slotOf(device: DeviceId): number | undefined {
    return this.#slots.get(device);
  }

  apply(entry: LogEntry): BatchEffect | null {
    const outputs = noOutputs();
    const effect = applyEntry(this.state, entry, this.rules, outputs);
    if (entry.kind === 'membership' || entry.kind === 'inherit') this.#index();
    if (entry.kind === 'neighbour-cells' && this.state.closedThrough !== null) {
      this.unpublished.push({
        hour: this.state.closedThrough,
        outputs,
        stateHash: this.stateHash(),
        batches: this.state.batches,
        readings: this.state.readings,
      });
    }
    return effect;
  }

  /** A day of this time has closed, and is not in D1 yet. One publication closes one day at most. */
  hasUnpublishedDay(fromMs: number, untilMs: number): boolean {
    const { time } = this.rules;
    return this.unpublished.some(({ outputs: { days } }) => {
      const epoch = days[0]?.epoch;
      return epoch !== undefined && epochStartMs(epoch, time) < untilMs && epochStartMs(epoch + 1, time) > fromMs;
    });
  }

  /** The next entry of the log; its time never runs backwards, whatever the clock does. */
  nextEntry(body: EntryBody, nowMs: number): LogEntry {
    return { ...body, seq: this.state.seq + 1, receivedMs: Math.max(this.state.lastReceivedMs, nowMs) };
  }

  stateHash(): string {
    return bytesToHex(sha256(encodeState(this.state)));
  }

  /** Whether the key has a successor here. */
  isFormer(key: DeviceId): boolean {
    return this.#former.has(key);
  }

  #index(): void {
    for (const [slot, { membership, former }] of this.state.devices.entries()) {
      if (this.#slots.get(membership.device) === slot) continue;
      this.#slots.set(membership.device, slot);
      for (const { device } of former) {
        this.#slots.delete(device);
        this.#former.add(device);
      }
    }
  }
}
