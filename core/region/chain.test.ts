import { expect, test } from 'vitest';
import { ChainLog, digestOf, short, type ChainedBatch } from '../../test/support/chained-device.ts';
import { DAY0_MS, HOUR_MS, memberOf, reading } from '../../test/support/region-log.ts';
import type { MembershipBody } from './entry.ts';

/** Batch `name` after `after`; each measures at a time of its own, unless told. */
function batch(
  name: string,
  nonce: number,
  after: ChainedBatch | null,
  said: { readonly measuredMs?: number; readonly celsius?: number } = {},
): ChainedBatch {
  const measuredMs = said.measuredMs ?? DAY0_MS + nonce * 1000;
  return { nonce, text: name, previous: after && digestOf(after), measuredMs, celsius: said.celsius ?? 20 };
}

/** `names` after `after`, with nonces from `nonce` on, two apart: another line fits between. */
function line(names: readonly string[], nonce: number, after: ChainedBatch | null): readonly ChainedBatch[] {
  const made: ChainedBatch[] = [];
  for (const [at, name] of names.entries()) made.push(batch(name, nonce + 2 * at, made.at(-1) ?? after));
  return made;
}

const start = (): { log: ChainLog; root: ChainedBatch; first: ChainedBatch } => {
  const log = new ChainLog();
  const root = batch('root', 1, null);
  const first = batch('first', 2, root);
  for (const one of [root, first]) expect(log.take(one)).toBe('new');
  return { log, root, first };
};

test('batches that name none leave no trace', () => {
  const log = new ChainLog();
  for (let nonce = 1; nonce < 100; nonce += 1) log.take(batch(`b${nonce}`, nonce, null));
  expect(log.device.chain).toBeNull();
});

test('two batches that name the same one are a fork, which is kept and nothing more', () => {
  const { log, root } = start();
  log.take(batch('other', 4, root));
  expect(log.forks).toEqual([{ verdict: 'open', parent: short(root), lengths: [1, 1] }]);
  expect(log.status).toBe('active');
});

test('a fork whose branches both go on for three batches is a clone, from that entry on', () => {
  const { log, first } = start();
  const ours = line(['a1', 'a2', 'a3', 'a4'], 10, first);
  const theirs = line(['b1', 'b2', 'b3', 'b4'], 11, first);
  for (const at of [0, 1, 2]) for (const of of [ours, theirs]) log.take(of[at] as ChainedBatch);
  log.take(ours[3] as ChainedBatch);
  expect(log.status).toBe('active');
  log.take(theirs[3] as ChainedBatch);
  expect(log.status).toBe('quarantined');
  expect(log.forks).toEqual([{ verdict: 'both-go-on', parent: short(first), lengths: [4, 4] }]);
  expect(log.device.chain?.provenSeq).toBe(log.state.seq);
});

test('an old copy that is put back goes on alone: what it left does not, and nothing is proven', () => {
  const { log, first } = start();
  for (const one of line(['a1', 'a2', 'a3', 'a4', 'a5', 'a6'], 10, first)) log.take(one);
  for (const one of line(['b1', 'b2', 'b3', 'b4', 'b5', 'b6'], 30, first)) log.take(one);
  expect(log.forks).toMatchObject([{ verdict: 'open' }]);
  expect(log.status).toBe('active');
});

test('both branches say another value of the same quantity and time: a clone at once', () => {
  const { log, first } = start();
  const at = { measuredMs: DAY0_MS - 5000 };
  log.take(batch('a', 10, first, { ...at, celsius: 20 }));
  log.take(batch('b', 11, first, { ...at, celsius: 20.5 }));
  expect(log.forks).toMatchObject([{ verdict: 'conflict', lengths: [1, 1] }]);
  expect(log.status).toBe('quarantined');
});

test('the same value of the same time on both branches is no conflict, and one line may contradict itself', () => {
  const { log, first } = start();
  const at = { measuredMs: DAY0_MS - 5000 };
  const ours = batch('a', 10, first, at);
  log.take(ours);
  log.take(batch('b', 11, first, at));
  log.take(batch('a2', 12, ours, { ...at, measuredMs: DAY0_MS - 4000 }));
  expect(log.status).toBe('active');
});

test('copies that began where nobody looks any more, or named none, are found by going on', () => {
  const { log, first } = start();
  let ours = first;
  let nonce = 10;
  const go = (name: string, after: ChainedBatch | null): ChainedBatch => {
    const next = batch(name, (nonce += 1), after);
    expect(log.take(next)).toBe('new');
    return next;
  };
  for (let n = 0; n < 500; n += 1) ours = go(`a${n}`, ours);
  let theirs: ChainedBatch | null = null;
  for (let n = 0; n < 6; n += 1) {
    theirs = go(`b${n}`, theirs);
    // The one posts ten times as often as the other.
    for (let m = 0; m < 10; m += 1) ours = go(`a${n}/${m}`, ours);
  }
  expect(log.status).toBe('quarantined');
  expect(log.forks).toMatchObject([{ verdict: 'both-go-on', parent: '', lengths: [4, 4] }]);
});

test('eight clones prove each other: a crowd does not push itself out of memory', () => {
  const { log, first } = start();
  const heads: (ChainedBatch | null)[] = Array.from({ length: 8 }, () => first);
  let nonce = 10;
  for (let round = 0; round < 5; round += 1)
    for (const [who, head] of heads.entries()) {
      heads[who] = batch(`${who}/${round}`, (nonce += 1), head);
      log.take(heads[who]);
    }
  expect(log.status).toBe('quarantined');
});

test('the quarantine ends when the registry makes the device active again, and the same fork does not count twice', () => {
  const { log, first } = start();
  const at = { measuredMs: DAY0_MS - 5000 };
  const ours = batch('a', 10, first, { ...at, celsius: 20 });
  log.take(ours);
  log.take(batch('b', 11, first, { ...at, celsius: 21 }));
  // Another change of the row that did not know of it lifts nothing.
  log.add(memberOf(0, { version: 2, displayName: 'Garden' }), log.nowMs);
  expect(log.status).toBe('quarantined');
  log.add(memberOf(0, { version: 3, status: 'quarantined' }), log.nowMs);
  log.add(memberOf(0, { version: 4 }), log.nowMs);
  expect(log.status).toBe('active');
  for (const one of line(['a2', 'a3', 'a4', 'a5', 'a6'], 20, ours)) log.take(one);
  expect(log.status).toBe('active');
});

test('a quarantine is not shed by leaving: the open day stays unpaid, until the registry names the device active again', () => {
  const days = (change: Partial<MembershipBody>[]): readonly string[] => {
    const log = new ChainLog();
    for (let hour = 0; hour < 24; hour += 1)
      log.post(0, DAY0_MS + (hour + 1) * HOUR_MS - 1000, [reading('temp', DAY0_MS + hour * HOUR_MS, 15 + hour / 10)]);
    for (const [at, one] of change.entries())
      log.add(memberOf(0, { ...one, version: at + 2 }), DAY0_MS + 24 * HOUR_MS - 600_000 + at);
    log.close(DAY0_MS / HOUR_MS + 23, DAY0_MS + 24 * HOUR_MS + 300_000);
    return log.outputs.days.map(({ member }) => member.status);
  };
  expect(days([{ status: 'retired' }])).toEqual(['retired']);
  expect(days([{ status: 'quarantined' }, { status: 'retired' }])).toEqual(['quarantined']);
  expect(days([{ status: 'quarantined' }, { status: 'retired' }, { status: 'retired' }])).toEqual(['quarantined']);
  expect(days([{ status: 'quarantined' }, { status: 'retired' }, {}])).toEqual(['active']);
  expect(days([{ status: 'quarantined' }, {}, { status: 'retired' }])).toEqual(['retired']);
});

test('a line that begins beside two others is two forks, each told under a name of its own', () => {
  const { log, root } = start();
  log.take(batch('other', 4, root));
  log.take(batch('third', 6, root));
  log.close(DAY0_MS / HOUR_MS, DAY0_MS + HOUR_MS + 400_000);
  const names = log.outputs.forks.map(({ older, seq }) => `${older}-${seq}`);
  expect(names).toHaveLength(3);
  expect(new Set(names).size).toBe(3);
  expect(new Set(log.outputs.forks.map(({ seq }) => seq)).size).toBe(2);
});

test('what was told at the close is forgotten once it is proven or over', () => {
  const { log, root } = start();
  log.take(batch('other', 4, root));
  log.close(DAY0_MS / HOUR_MS, DAY0_MS + HOUR_MS + 400_000);
  expect(log.outputs.forks).toMatchObject([{ device: memberOf(0).device, verdict: 'open', parent: short(root) }]);
  log.close(DAY0_MS / HOUR_MS + 1, DAY0_MS + 2 * HOUR_MS + 400_000);
  expect(log.outputs.forks).toHaveLength(1);
  log.close(DAY0_MS / HOUR_MS + 24 * 9, DAY0_MS + 24 * 9 * HOUR_MS + HOUR_MS + 400_000);
  expect(log.outputs.forks.at(-1)).toMatchObject({ verdict: 'ended' });
  expect(log.device.chain).toBeNull();
});
