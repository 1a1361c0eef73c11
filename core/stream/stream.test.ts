import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RegionCell } from '../ids.ts';
import { encodeEvent } from './event.ts';
import { passOf, passText } from './pass.ts';
import { notBefore, parsePosition, positionText } from './position.ts';

const CELLS = ['83390cfffffffff', '831fb4fffffffff', '83390dfffffffff'] as RegionCell[];

test('an event is one block with its id, its name and one line of data', () => {
  expect(encodeEvent({ id: '7', event: 'readings', data: { text: 'a\nb' } })).toBe(
    'id: 7\nevent: readings\ndata: {"text":"a\\nb"}\n\n',
  );
  expect(encodeEvent({ event: 'end', data: {} })).toBe('event: end\ndata: {}\n\n');
});

test('a position comes back from its text, whatever the order of its regions', () => {
  const seqs = fc.tuple(fc.nat(), fc.nat(), fc.nat());
  fc.assert(
    fc.property(seqs, (numbers) => {
      const entries = CELLS.map((cell, at) => [cell, numbers[at] ?? 0] as const);
      const text = positionText(new Map(entries));
      expect(positionText(new Map(entries.toReversed()))).toBe(text);
      expect(parsePosition(text, CELLS)).toEqual(new Map(entries.toSorted(([a], [b]) => (a < b ? -1 : 1))));
    }),
  );
});

test('a position of other regions, in part or in other words is none', () => {
  const [a = '', b = ''] = CELLS;
  const two = CELLS.slice(0, 2);
  for (const text of ['', 'x', `${a}.1`, `${a}.1-${a}.2`, `${a}.1-${b}.x`, `${a}.1-${b}.2.3`, `${a}.1-${CELLS[2]}.1`])
    expect(parsePosition(text, two), text).toBeNull();
});

test('a stream never begins before it was bought', () => {
  const [a, b] = CELLS as [RegionCell, RegionCell];
  const begun = notBefore(
    new Map([
      [a, 10],
      [b, 20],
    ]),
    new Map([
      [a, 3],
      [b, 25],
    ]),
  );
  expect([...begun.values()]).toEqual([10, 25]);
});

test('a pass comes back from its text', () => {
  const [cell] = CELLS as [RegionCell];
  const pass = { id: 'ab', devices: null, quantities: ['pm25', 'co2'], begin: new Map([[cell, 5]]), untilMs: 99 };
  const text = passText(pass);
  expect(text).toMatch(/^[\w-]+$/);
  expect(passOf(text)).toEqual(pass);
});
