/** A judge that cannot condemn proves nothing: every way in which logs can be wrong is seen. */
import { expect, test } from 'vitest';
import type { RegionCell } from '../../core/ids.ts';
import { type JudgedRegion, judgeFleet } from './fleet-judge.ts';

const CELL = '83390cfffffffff' as RegionCell;
const DUE = new Set(['d temp 1 20', 'd temp 2 21', 'd temp 3 22']);
const NONE: ReadonlySet<string> = new Set();
const PROMISED = [
  { receipt: `${CELL}-7`, device: 'd' },
  { receipt: `${CELL}-9`, device: 'd' },
];
const GOOD: JudgedRegion = {
  cell: CELL,
  batches: [
    { seq: 7, device: 'd', nonce: '1', readings: ['d temp 1 20', 'd temp 2 21'] },
    // A batch may hold a reading again: the region counts it once.
    { seq: 9, device: 'd', nonce: '2', readings: ['d temp 2 21', 'd temp 3 22'] },
  ],
  counted: 3,
  stateHash: 'aa',
  refolded: 'aa',
  forks: 0,
};
const [FIRST, SECOND] = GOOD.batches;

test('what was measured, promised and counted once is right, also where a batch repeats a reading', () => {
  expect(judgeFleet([GOOD], PROMISED, DUE, NONE)).toEqual({ readings: 3, double: 0, lost: 0, wrongs: [] });
});

test('a reading that became too old to be sent may be missing or there', () => {
  const young = new Set([...DUE].slice(1));
  const old = new Set(['d temp 0 19', 'd temp 1 20']);
  expect(judgeFleet([GOOD], PROMISED, young, old).wrongs).toEqual([]);
});

for (const { what, region, promised = PROMISED, double = 0, lost = 0 } of [
  { what: 'a batch that is gone', region: { ...GOOD, batches: [FIRST], counted: 2 }, lost: 2 },
  { what: 'a batch logged twice', region: { ...GOOD, batches: [FIRST, SECOND, { ...SECOND, seq: 10 }] }, double: 1 },
  { what: 'a reading counted twice', region: { ...GOOD, counted: 4 }, double: 1 },
  { what: 'a reading not counted', region: { ...GOOD, counted: 2 }, lost: 1 },
  { what: 'a receipt for nothing', region: GOOD, promised: [{ receipt: `${CELL}-8`, device: 'd' }], lost: 1 },
  { what: 'a receipt of another device', region: GOOD, promised: [{ receipt: `${CELL}-7`, device: 'e' }], lost: 1 },
  { what: 'a state that its log does not give', region: { ...GOOD, refolded: 'bb' } },
  { what: 'an honest device taken for two', region: { ...GOOD, forks: 1 } },
] as const)
  test(`${what} is seen`, () => {
    const verdict = judgeFleet([region as JudgedRegion], promised, DUE, NONE);
    expect(verdict).toMatchObject({ double, lost });
    expect(verdict.wrongs).not.toEqual([]);
  });

test('a reading that nobody measured and a batch that nobody signed are seen', () => {
  const readings = [...(SECOND?.readings ?? []), 'd temp 4 23'];
  const stray = { ...GOOD, batches: [FIRST, { ...SECOND, readings }], counted: 4 } as JudgedRegion;
  expect(judgeFleet([stray], PROMISED, DUE, NONE).wrongs).toEqual([
    '1 readings are in a log and nobody measured them, such as d temp 4 23',
  ]);
  const unsigned = { ...GOOD, batches: [FIRST, { ...SECOND, readings: null }], counted: 2 } as JudgedRegion;
  expect(judgeFleet([unsigned], PROMISED, DUE, NONE).wrongs).toContain(
    `${CELL}: 1 batches are not what their devices signed`,
  );
});
