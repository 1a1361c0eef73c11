import { expect, test } from 'vitest';
import { search, type Knob, type Setting } from './holdout-search.ts';

const KNOBS: readonly Knob[] = [
  { name: 'a', start: 3, candidates: [1, 2, 4] },
  { name: 'b', start: 10, candidates: [8, 12] },
  { name: 'c', start: 0, candidates: [1] },
];

test('each constant is moved to its best candidate where the others allow it', async () => {
  const asked: Setting[] = [];
  const found = await search(KNOBS, async (setting) => {
    asked.push(setting);
    const { a = 0, b = 0, c = 0 } = setting;
    // c helps alone and hurts beside the better a.
    return -Math.abs(a - 2) - Math.abs(b - 12) / 4 + (c === 1 ? (a === 2 ? -1 : 0.25) : 0);
  });
  expect(found).toEqual({
    setting: { a: 2, b: 12, c: 0 },
    value: 0,
    reach: new Map([
      ['a', 2],
      ['b', 1],
      ['c', 0.25],
    ]),
  });
  expect(asked.length).toBe(1 + 6 + 3);
});

test('where no candidate helps, the start is the answer', async () => {
  const { setting } = await search(KNOBS, async ({ a = 0, b = 0, c = 0 }) => -Math.abs(a - 3) - Math.abs(b - 10) - c);
  expect(setting).toEqual({ a: 3, b: 10, c: 0 });
});
