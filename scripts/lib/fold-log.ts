/**
 * A region's log as its object would write it, folded at once: for replays, benchmarks and tests. Numbers and nonces are
 * given here; times are the caller's. Imports nothing of Node, because tests in workerd use it, too.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { packReadings } from '../../core/reading/pack.ts';
import type { Reading } from '../../core/reading/reading.ts';
import type { BatchEffect } from '../../core/region/apply-batch.ts';
import { closeLimit } from '../../core/region/close.ts';
import type { EntryBody, LogEntry } from '../../core/region/entry.ts';
import { applyEntry } from '../../core/region/fold.ts';
import { noOutputs, type Outputs } from '../../core/region/outputs.ts';
import { decodeState, emptyState, encodeState, type RegionState } from '../../core/region/state.ts';
import type { RuleSet } from '../../core/rules/rule-set.ts';

export class FoldLog {
  readonly outputs: Outputs = noOutputs();
  state: RegionState = emptyState();
  readonly rules: RuleSet;
  #nonce = 0;

  constructor(rules: RuleSet) {
    this.rules = rules;
  }

  add(body: EntryBody, receivedMs: number): BatchEffect | null {
    return applyEntry(this.state, this.entryOf(body, receivedMs), this.rules, this.outputs);
  }

  protected entryOf(body: EntryBody, receivedMs: number): LogEntry {
    return { ...body, seq: this.state.seq + 1, receivedMs };
  }

  post(slot: number, receivedMs: number, readings: readonly Reading[]): BatchEffect {
    this.#nonce += 1;
    const nonce = this.#nonce.toString(16).padStart(16, '0');
    const digest = sha256(utf8ToBytes(`${slot}/${nonce}`));
    const body = {
      kind: 'batch',
      slot,
      nonce,
      digest,
      readings: packReadings(readings),
      evidence: new Uint8Array(),
    } as const;
    const effect = this.add(body, receivedMs);
    if (effect === null) throw new Error('the batch did not fold');
    return effect;
  }

  /** Up to and including `hour`, an epoch a step as the region object does. */
  close(hour: number, receivedMs: number): void {
    for (;;) {
      const at = Math.min(hour, closeLimit(this.state, this.rules) ?? hour);
      this.add({ kind: 'hour-close', hour: at }, receivedMs);
      this.add({ kind: 'neighbour-cells', hour: at, blocks: [] }, receivedMs);
      if (at >= hour) return;
    }
  }

  /** Goes on from here apart from this one, with outputs of its own: what else might have happened. */
  branch(): FoldLog {
    const copy = new FoldLog(this.rules);
    copy.state = decodeState(encodeState(this.state));
    copy.#nonce = this.#nonce;
    return copy;
  }
}
