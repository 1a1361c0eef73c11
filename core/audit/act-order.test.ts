import { expect, test } from 'vitest';
import { makeAct, newKey, newOwner, placedAt, positionAt } from '../../test/support/lifecycle.ts';
import { memberOf, MADRID } from '../../test/support/region-log.ts';
import type { DeviceId, OwnerAddress } from '../ids.ts';
import type { Act } from '../lifecycle/act.ts';
import type { LogEntry } from '../region/entry.ts';
import { emptyState } from '../region/state.ts';
import { checkActOrder, noActs } from './act-order.ts';
import { compareMoves, noMoves, recordMove } from './compare-moves.ts';

const [key, successor] = [(await newKey()).did, (await newKey()).did];
const owner = newOwner().address.toLowerCase() as OwnerAddress;
const AT = { region: MADRID };

function entryOf(act: Act, by: 'owner' | 'device', device: DeviceId = key, seq = 1): LogEntry {
  const owners = by === 'owner' ? [{ address: owner, signature: new Uint8Array(65) }] : [];
  const domain = { chainId: 10, contract: `0x${'ab'.repeat(20)}` } as const;
  return { ...memberOf(0, { device, owner }), seq, receivedMs: 0, act: { act, domain, owners, devices: [] } };
}
const rotation = (issuedAt: number, from = key, to = successor) =>
  makeAct('rotate', { device: from, successor: to, issuedAt });
const transfer = (issuedAt: number, device = key) =>
  makeAct('transfer', { device, from: owner, to: newOwner().address, issuedAt });

test('an act that is logged once more is found, and so is one older than the latest', () => {
  const so = noActs();
  const first = entryOf(transfer(1000), 'owner');
  expect(checkActOrder(so, first, AT).ok).toBe(true);
  expect(checkActOrder(so, first, AT)).toMatchObject({
    error: { reason: 'act', recomputed: 'it was carried out before' },
  });
  expect(checkActOrder(so, entryOf(transfer(1000), 'owner'), AT).ok).toBe(true);
  expect(checkActOrder(so, entryOf(transfer(999), 'owner'), AT)).toMatchObject({
    error: { reason: 'act', at: { device: key } },
  });
});

test('both entries of a change of key stand, and what its owner signs goes by the acts of owners alone', () => {
  const so = noActs();
  const act = rotation(1025);
  const turned = entryOf(act, 'device', successor);
  if (turned.kind !== 'membership' || turned.act === undefined) throw new Error('a membership');
  const inherit = { kind: 'inherit', device: successor, from: key, reputation: null, act: turned.act } as const;
  expect(checkActOrder(so, { ...inherit, seq: 1, receivedMs: 0 }, AT).ok).toBe(true);
  expect(checkActOrder(so, turned, AT).ok).toBe(true);
  expect(checkActOrder(so, entryOf(transfer(1000, successor), 'owner', successor), AT).ok).toBe(true);
  const older = rotation(1024, successor, key);
  expect(checkActOrder(so, entryOf(older, 'device', key), AT)).toMatchObject({ error: { reason: 'act' } });
});

test('what a device brings along but nobody has signed is compared with the region that it left', () => {
  const BERLIN = positionAt(52.52, 13.405);
  const act = makeAct('relocate', { device: key, owner, ...placedAt(BERLIN) });
  const member = memberOf(0, { device: key, owner });
  const [west, east] = [noMoves(MADRID), () => noMoves(act.region)];
  const state = emptyState();
  const stateWith = { ...state, devices: [{ membership: member }] } as unknown as typeof state;
  const leaving = { ...entryOf(act, 'owner'), version: 2, status: 'retired' } as LogEntry;
  recordMove(west, stateWith, leaving);
  const come = (change: object) => {
    const moves = east();
    recordMove(moves, state, { ...entryOf(act, 'owner', key, 7), version: 3, ...change } as LogEntry);
    return moves;
  };
  expect(compareMoves([west, come({})])).toEqual({ ok: true, value: 1 });
  // Its log is not at hand.
  expect(compareMoves([come({ tier: 2 })])).toEqual({ ok: true, value: 0 });
  for (const [field, value] of Object.entries({ tier: 2, claimedMs: 5, displayName: 'Cellar', status: 'quarantined' }))
    expect(compareMoves([west, come({ [field]: value })])).toMatchObject({
      error: { reason: 'act', at: { region: act.region, seq: 7, device: key, field } },
    });
});
