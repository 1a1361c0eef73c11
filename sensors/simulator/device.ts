/** One simulated device: measures by its behaviour, keeps its batch on disk, brings it to the network. */
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { type SigningKey, loadDeviceKey } from '../client/key.ts';
import { FileStorage } from '../client/file-storage.ts';
import { Queue } from '../client/queue.ts';
import { remedyOf } from '../client/refusal.ts';
import { type Measurement, writePack } from '../client/senml.ts';
import { SENML_JSON } from '../client/sign.ts';
import { type DeviceClock, type Transport, uploadBatch } from '../client/upload.ts';
import { type Behaviour, behaviourOf, originalOf } from './behaviour.ts';
import { type BatchForm, bodyOf, formOf, withForm, withLosses } from './link.ts';
import { measurementsAt, type Replay } from './measurements.ts';
import { nextSend, sendMs } from './schedule.ts';
import { countFailure, countUploaded, type Tally } from './tally.ts';
import { episodeAt, isLinkFault, type LinkFault } from './weather.ts';

export type FleetDevice = {
  readonly did: string;
  readonly ingestUrl: string;
  /** PKCS#8 PEM. */
  readonly keyFile: string;
  /** Station of the slices whose readings it replays. */
  readonly station: string;
};

export type World = Replay & {
  /** Batches travel plain, compressed and in the compact form. */
  readonly isMixed: boolean;
  readonly transport: Transport;
  readonly tally: Tally;
  readonly log: (line: string) => void;
  /** By station, for those that do not behave as the demonstration has them. */
  readonly behaviours: ReadonlyMap<string, Behaviour>;
  /** Last hour that the station's device has sent; undefined: no such device in the fleet. */
  readonly sentThroughOf: (station: string) => number | null | undefined;
};

export type Step =
  /** A batch was answered, one way or the other. */
  | { readonly kind: 'sent' }
  /** The batch has a new nonce and goes out at once. */
  | { readonly kind: 'again' }
  /** What it copies has not been sent yet. */
  | { readonly kind: 'behind'; readonly untilMs: number }
  /** Nothing to do before this moment; `isStuck`: because the network does not take what is due. */
  | { readonly kind: 'wait'; readonly untilMs: number; readonly isStuck?: true };

/** In a row, before the device waits: something else uses its key. */
const MAX_RENUMBERS = 3;
/** What a connection that is down for longer leaves goes out in one batch all the same. */
const LONGEST_HELD_HOURS = 12;

const olderThrough = (from: number, through: number): number => from + Math.ceil((through - from) / 2) - 1;

export class SimulatedDevice {
  readonly #device: FleetDevice;
  readonly #key: SigningKey;
  readonly #queue: Queue;
  readonly #world: World;
  readonly #behaviour: Behaviour;
  readonly #clock: DeviceClock = { offsetMs: 0 };
  readonly #form: BatchForm;
  readonly #losing: Transport;
  #renumbers = 0;
  /** Last hour of a batch whose newer half has gone before. */
  #newerSent: number | null = null;

  private constructor(device: FleetDevice, key: SigningKey, queue: Queue, world: World) {
    this.#device = device;
    this.#key = key;
    this.#queue = queue;
    this.#world = world;
    this.#behaviour = world.behaviours.get(device.station) ?? behaviourOf(device.station);
    this.#form = world.isMixed ? formOf(device.station, world.seed) : 'plain';
    this.#losing = withLosses(world.transport, `${world.seed}/${device.station}`);
  }

  static async open(device: FleetDevice, stateDir: string, world: World): Promise<SimulatedDevice> {
    const key = await loadDeviceKey(await readFile(device.keyFile, 'utf8'));
    if (!key.ok) throw new Error(`${device.keyFile}: ${key.error.detail}`);
    if (key.value.did !== device.did) throw new Error(`${device.keyFile} is the key of another device`);
    // The fleet holds a lock over the whole folder.
    const queue = await Queue.open(await FileStorage.open(join(stateDir, `${device.station}.queue`), true));
    return new SimulatedDevice(device, key.value, queue, world);
  }

  get sentThrough(): number | null {
    return this.#queue.state.sentThrough;
  }

  /** Sends what is pending or due, at most one batch. */
  async step(): Promise<Step> {
    const { transport, rules } = this.#world;
    if (this.#queue.state.pending) return this.#send();
    const { station } = this.#device;
    const next = nextSend(this.#queue.state.sentThrough, station, transport.nowMs(), rules);
    if (next.kind === 'wait') return next;
    if (this.#waitsForOriginal(next.through))
      return { kind: 'behind', untilMs: transport.nowMs() + rules.hourSeconds * 10 };
    const instead = await this.#onTheWay(next.from, next.through);
    if (instead !== null) return instead;
    const isOlderHalf = this.#newerSent === next.through;
    const measurements = this.#measure(next.from, isOlderHalf ? olderThrough(next.from, next.through) : next.through);
    if (measurements.length === 0) {
      await this.#queue.skip(next.through);
      return { kind: 'sent' };
    }
    return this.#post(measurements, next.through);
  }

  async #post(measurements: readonly Measurement[], through: number | null): Promise<Step> {
    const body = bodyOf(writePack(this.#key.did, measurements), this.#form);
    await this.#queue.put({ contentType: SENML_JSON, body }, through, this.#world.transport.nowMs());
    return this.#send();
  }

  #linkFault(hour: number): LinkFault | null {
    if (this.#behaviour.kind !== 'weather') return null;
    const { seed, firstHour } = this.#world;
    const fault = episodeAt(this.#behaviour, this.#device.station, seed, hour - firstHour)?.fault;
    return fault !== undefined && isLinkFault(fault) ? fault : null;
  }

  /** Null: it goes out as it is due. What holds an hour back sends it with the next one that comes. */
  async #onTheWay(from: number, through: number): Promise<Step | null> {
    const { rules } = this.#world;
    const fault = this.#linkFault(through);
    const isHeld = fault === 'delayed' || (fault === 'reordered' && from === through);
    if (isHeld && through - from < LONGEST_HELD_HOURS)
      return { kind: 'wait', untilMs: sendMs(through + 1, this.#device.station, rules) };
    if (fault !== 'reordered' || this.#newerSent === through || from === through) return null;
    // The newer half goes first, and counts as nothing sent: after a restart it goes again, and is known.
    const newer = this.#measure(olderThrough(from, through) + 1, through);
    if (newer.length === 0) return null;
    this.#newerSent = through;
    return this.#post(newer, null);
  }

  /** A copy cannot be made before its original. */
  #waitsForOriginal(through: number): boolean {
    const original = originalOf(this.#behaviour);
    if (original === null) return false;
    const sent = this.#world.sentThroughOf(original);
    return sent !== undefined && (sent === null || sent < through);
  }

  #measure(from: number, through: number): readonly Measurement[] {
    const hours = Array.from({ length: through - from + 1 }, (_, offset) => from + offset);
    return hours.flatMap((hour) => measurementsAt(this.#world, this.#device.station, this.#behaviour, hour));
  }

  async #send(): Promise<Step> {
    const { transport, tally, log, rules } = this.#world;
    const { pending } = this.#queue.state;
    if (!pending) throw new Error('nothing to send');
    const fault = pending.through === null ? null : this.#linkFault(pending.through);
    const way = withForm(fault === 'lost' ? this.#losing : transport, this.#form, this.#key);
    const sent = await uploadBatch(this.#key, this.#device.ingestUrl, pending, way, this.#clock);
    if (sent.ok) {
      this.#renumbers = 0;
      countUploaded(tally, sent.value);
      if (fault === 'duplicated') {
        const again = await uploadBatch(this.#key, this.#device.ingestUrl, pending, way, this.#clock);
        if (again.ok) countUploaded(tally, again.value);
        else countFailure(tally, again.error);
      }
      await this.#queue.settle();
      return { kind: 'sent' };
    }
    countFailure(tally, sent.error);
    const untilMs = transport.nowMs() + rules.hourSeconds * 1000;
    if (sent.error.reason === 'unreachable') {
      if (!transport.isStopping()) log(`${this.#device.station}: ${sent.error.detail}; trying again in an hour`);
      return { kind: 'wait', untilMs, isStuck: true };
    }
    const { problem } = sent.error;
    log(`${this.#device.station}: refused, ${problem.code}: ${problem.detail}`);
    const remedy = remedyOf(problem);
    if (remedy === 'renumber') {
      await this.#queue.renumber(problem.highest, transport.nowMs());
      this.#renumbers++;
      return this.#renumbers % MAX_RENUMBERS === 0 ? { kind: 'wait', untilMs, isStuck: true } : { kind: 'again' };
    }
    if (remedy === 'wait') return { kind: 'wait', untilMs, isStuck: true };
    await this.#queue.settle('refused');
    return { kind: 'sent' };
  }
}
