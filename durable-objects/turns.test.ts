import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

test('tasks go one after the other, and one that fails tells its caller only', async () => {
  const turns = new Turns();
  const order: string[] = [];
  const task = (name: string, waits: number) => async () => {
    for (let tick = 0; tick < waits; tick += 1) await Promise.resolve();
    order.push(name);
    if (name === 'second') throw new Error('second failed');
    return name;
  };
  const all = await Promise.allSettled([
    turns.take(task('first', 9)),
    turns.take(task('second', 3)),
    turns.take(task('third', 0)),
  ]);
  expect(order).toEqual(['first', 'second', 'third']);
  expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});
