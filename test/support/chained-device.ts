/** Devices whose batches name the one before them, and a region's fold that takes them as the region object does. */
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { packReadings } from '../../core/reading/pack.ts';
import { admit, shortDigest } from '../../core/region/decide.ts';
import { statusOf } from '../../core/region/chain.ts';
import { encodeState, type DeviceState } from '../../core/region/state.ts';
import { DAY0_MS, reading, TestLog } from './region-log.ts';

export type ChainedBatch = {
  readonly nonce: number;
  readonly text: string;
  readonly previous: Uint8Array | null;
  readonly measuredMs: number;
  readonly celsius: number;
};

export const digestOf = (batch: Pick<ChainedBatch, 'text'>): Uint8Array => sha256(utf8ToBytes(batch.text));

export class ChainLog extends TestLog {
  nowMs = DAY0_MS;
  /** By entry. */
  readonly taken = new Map<number, ChainedBatch>();

  constructor() {
    super(1);
  }

  get device(): DeviceState {
    const [device] = this.state.devices;
    if (device === undefined) throw new Error('no device');
    return device;
  }

  get status(): string {
    return statusOf(this.device);
  }

  get forks(): readonly { readonly verdict: string; readonly parent: string; readonly lengths: readonly number[] }[] {
    return (this.device.chain?.forks ?? []).map(({ verdict, parent, branches }) => {
      return { verdict, parent, lengths: branches.map(({ seqs }) => seqs.length) };
    });
  }

  /** What the region answers. A second passes with each. `readings` in it, a millisecond apart. */
  take(batch: ChainedBatch, readings = 1): 'new' | 'repeat' | 'nonce-reused' | 'nonce-too-old' | 'other' {
    this.nowMs += 1000;
    const nonce = batch.nonce.toString(16).padStart(16, '0');
    const digest = digestOf(batch);
    const admitted = admit(this.device, nonce, digest);
    if (!admitted.ok) {
      const { reason } = admitted.error;
      return reason === 'nonce-reused' || reason === 'nonce-too-old' ? reason : 'other';
    }
    if (admitted.value.kind === 'repeat') return 'repeat';
    const said = Array.from({ length: readings }, (_, n) =>
      reading('temp', batch.measuredMs + n * (1 + (n % 3)), batch.celsius + ((n * 7) % 13)),
    );
    const chained = batch.previous === null ? {} : { previous: batch.previous };
    const evidence = new Uint8Array();
    this.add({ kind: 'batch', slot: 0, nonce, digest, readings: packReadings(said), evidence, ...chained }, this.nowMs);
    this.taken.set(this.state.seq, batch);
    return 'new';
  }

  get highestNonce(): number {
    return Number(`0x${this.device.highNonce || '0'}`);
  }

  /** Of the device's chain alone. */
  get chainBytes(): number {
    return JSON.stringify(this.device.chain).length;
  }

  get stateText(): string {
    return new TextDecoder().decode(encodeState(this.state));
  }
}

export const short = (batch: Pick<ChainedBatch, 'text'>): string => shortDigest(digestOf(batch));
