/** Devices that follow docs/protocol.md, "Chain of batches", whatever befalls them, are never found to be two; two always are. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChainLog, digestOf, type ChainedBatch } from '../../test/support/chained-device.ts';
import { DAY0_MS, memberOf } from '../../test/support/region-log.ts';

/** What a device keeps. A batch is kept before it is sent, and let go of once it is answered. */
type Memory = { readonly nonce: number; readonly previous: Uint8Array | null; readonly queue: readonly ChainedBatch[] };
const EMPTY: Memory = { nonce: 0, previous: null, queue: [] };

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('measure' as const) }) },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      fate: fc.constantFrom('answered', 'answered', 'answered', 'answer lost', 'delayed', 'lost'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('deliver' as const), which: fc.nat(20) }) },
  // The last write did not reach the disk.
  { weight: 2, arbitrary: fc.record({ do: fc.constant('power cut' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restore' as const), which: fc.nat(1000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pause' as const), days: fc.nat(3) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Copies are put back at most so often: whoever swaps two memories back and forth has two devices. */
const MOST_RESTORES = 2;

class HonestDevice {
  readonly log = new ChainLog();
  readonly #atOnce: number;
  readonly #isClockNonce: boolean;
  #memory: Memory = EMPTY;
  #before: Memory = EMPTY;
  readonly #backups: Memory[] = [];
  readonly #wire: ChainedBatch[] = [];
  #made = 0;
  #restores = 0;

  /** `atOnce` above 1: sends ahead, each batch naming the one made before it. */
  constructor(atOnce: number, isClockNonce: boolean) {
    this.#atOnce = atOnce;
    this.#isClockNonce = isClockNonce;
  }

  run(given: Step): void {
    switch (given.do) {
      case 'measure':
        if (this.#memory.queue.length < this.#atOnce) this.#measure();
        return;
      case 'send':
        return this.#send(given.fate);
      case 'deliver': {
        const [late] = this.#wire.splice(given.which % Math.max(1, this.#wire.length), 1);
        if (late !== undefined) this.log.take(late);
        return;
      }
      case 'power cut':
        this.#memory = this.#before;
        return;
      case 'forget':
        return this.#keep(EMPTY);
      case 'restore': {
        const copy = this.#backups[given.which % Math.max(1, this.#backups.length)];
        if (copy === undefined || this.#restores >= MOST_RESTORES) return;
        this.#restores += 1;
        return this.#keep(copy);
      }
      case 'pause':
        this.log.nowMs += given.days * 86_400_000;
        return;
    }
  }

  #keep(memory: Memory): void {
    this.#before = this.#memory;
    this.#memory = memory;
    this.#backups.push(memory);
  }

  #nextNonce(after: number): number {
    return this.#isClockNonce ? Math.max(after + 1, this.log.nowMs + this.#made) : after + 1;
  }

  #measure(): void {
    const { nonce, previous, queue } = this.#memory;
    this.#made += 1;
    this.log.nowMs += 100;
    const last = queue.at(-1);
    const batch: ChainedBatch = {
      nonce: this.#nextNonce(nonce),
      text: `batch ${this.#made}`,
      previous: last === undefined ? previous : digestOf(last),
      measuredMs: this.log.nowMs,
      celsius: 20 + (this.#made % 7),
    };
    this.#keep({ nonce: batch.nonce, previous, queue: [...queue, batch] });
  }

  #send(fate: string): void {
    // Ahead of the answers, but in the order of making.
    for (const batch of this.#memory.queue.slice(0, this.#atOnce)) {
      if (fate === 'lost') continue;
      if (fate === 'delayed') {
        if (this.#wire.length < this.#atOnce) this.#wire.push(batch);
        continue;
      }
      const answer = this.log.take(batch);
      if (fate === 'answer lost') continue;
      this.#answered(batch, answer);
    }
  }

  #answered(batch: ChainedBatch, answer: ReturnType<ChainLog['take']>): void {
    const { nonce, queue } = this.#memory;
    if (answer === 'new' || answer === 'repeat') {
      return this.#keep({ nonce, previous: digestOf(batch), queue: queue.filter((one) => one !== batch) });
    }
    const after = answer === 'nonce-too-old' ? Math.max(nonce, this.log.highestNonce) : Math.max(nonce, batch.nonce);
    const renumbered = { ...batch, nonce: this.#nextNonce(after) };
    const rest = queue.map((one) => (one === batch ? renumbered : one));
    this.#keep({ ...this.#memory, nonce: renumbered.nonce, queue: rest });
  }
}

test.each([
  ['one batch at a time, nonces by the clock', 1, true],
  ['one batch at a time, nonces counted', 1, false],
  ['sixteen batches ahead, nonces by the clock', 16, true],
])('an honest device is never quarantined: %s', { timeout: 120_000 }, (_, atOnce, isClockNonce) => {
  let most = 0;
  let forks = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 150 }), (steps) => {
      const device = new HonestDevice(atOnce, isClockNonce);
      for (const one of steps) {
        device.run(one);
        most = Math.max(most, device.log.chainBytes);
        forks += device.log.forks.filter(({ parent }) => parent !== '').length;
        expect(device.log.status, JSON.stringify(device.log.device.chain)).toBe('active');
      }
    }),
    { numRuns: 1500 },
  );
  // The runs do meet forks: without the rule that both go on they would be accused.
  expect(forks).toBeGreaterThan(100);
  expect(most).toBeLessThan(20_000);
});

test(
  'two devices with one key that both go on are proven by the time each has sent eight batches',
  { timeout: 120_000 },
  () => {
    fc.assert(
      fc.property(
        fc.nat(12),
        fc.nat(12),
        fc.boolean(),
        fc.array(fc.record({ who: fc.boolean(), sent: fc.integer({ min: 1, max: 4 }) }), { maxLength: 10 }),
        (together, apart, isFresh, turns) => {
          const log = new ChainLog();
          let nonce = 0;
          const send = (name: string, after: ChainedBatch | null): ChainedBatch => {
            nonce += 1;
            const previous = after && digestOf(after);
            const batch = { nonce, text: name, previous, measuredMs: DAY0_MS + nonce * 1000, celsius: 20 };
            expect(log.take(batch)).toBe('new');
            return batch;
          };
          let ours: ChainedBatch | null = null;
          for (let n = 0; n <= together; n += 1) ours = send(`common ${n}`, ours);
          let theirs: ChainedBatch | null = isFresh ? null : ours;
          // The one copy may lie still for a while before it begins.
          for (let n = 0; n < apart; n += 1) ours = send(`apart ${n}`, ours);
          const turn = (who: boolean): void => {
            if (who) ours = send(`ours ${nonce}`, ours);
            else theirs = send(`theirs ${nonce}`, theirs);
          };
          for (const { who, sent } of turns) for (let n = 0; n < sent; n += 1) turn(who);
          for (let n = 0; n < 8; n += 1) for (const who of [true, false]) turn(who);
          expect(log.status).toBe('quarantined');
          checkEvidence(log);
        },
      ),
      { numRuns: 1000 },
    );
  },
);

/** What is kept proves it to those who have nothing else. */
function checkEvidence(log: ChainLog): void {
  const fork = log.device.chain?.forks.find(({ verdict }) => verdict === 'both-go-on');
  const [one, two] = (fork?.branches ?? []).map(({ seqs }) => seqs.map((seq) => log.taken.get(seq) as ChainedBatch));
  if (one === undefined || two === undefined) throw new Error('nothing is kept');
  for (const [branch, from] of [
    [one, two.at(-4)],
    [two, one.at(-3)],
  ] as const) {
    for (const [at, { text }] of branch.slice(0, -1).entries())
      expect(branch[at + 1]?.previous).toEqual(digestOf({ text }));
    expect(branch.length).toBeGreaterThan(3);
    expect(branch.slice(-3).every(({ nonce }) => nonce > (from?.nonce ?? Infinity))).toBe(true);
  }
  if (fork?.parent !== '') expect(one[0]?.previous).toEqual(two[0]?.previous);
}

test('whatever a device sends, what is kept of its chain stays below 20 KB', { timeout: 120_000 }, () => {
  const log = new ChainLog();
  const made: Uint8Array[] = [];
  let most = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(30), fc.boolean()), { minLength: 50, maxLength: 50 }), (parents) => {
      for (const [back, isTip] of parents) {
        const nonce = made.length + 1;
        const previous = made[made.length - 1 - (isTip ? 0 : back)] ?? new Uint8Array(32).fill(back);
        const batch = { nonce, text: `batch ${nonce}`, previous, measuredMs: DAY0_MS + nonce * 1000, celsius: 20 };
        // 500 bytes once packed, all at times of their own: a conflict would end the chain.
        expect(log.take(batch, 165)).toBe('new');
        made.push(digestOf(batch));
        most = Math.max(most, log.chainBytes);
        if (log.status === 'quarantined') {
          log.add(memberOf(0, { version: 2 * nonce, status: 'quarantined' }), log.nowMs);
          log.add(memberOf(0, { version: 2 * nonce + 1 }), log.nowMs);
        }
      }
    }),
    { numRuns: 60 },
  );
  expect(most).toBeGreaterThan(4000);
  expect(most).toBeLessThan(20_000);
});
