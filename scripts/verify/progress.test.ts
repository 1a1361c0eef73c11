import { expect, test } from 'vitest';
import { Progress } from './progress.ts';

function streamOf(isTTY: boolean) {
  const written: string[] = [];
  const stream = { isTTY, write: (text: string) => written.push(text) > 0 } as unknown as NodeJS.WriteStream;
  return { stream, written };
}

test('on a terminal a bar is written over by the next and taken away at the end', () => {
  const { stream, written } = streamOf(true);
  const progress = new Progress(stream, () => 0);
  progress.show(1, 2, 'segments');
  progress.clear();
  expect(written).toEqual([expect.stringContaining('[############............]  50 %'), '\r\x1b[K']);
});

test('where the output is kept there is a plain line every ten seconds, and none before', () => {
  const { stream, written } = streamOf(false);
  let nowMs = 0;
  const progress = new Progress(stream, () => nowMs);
  for (nowMs = 0; nowMs < 25_000; nowMs += 1000) progress.show(nowMs, 25_000, 'segments');
  progress.clear();
  expect(written).toEqual([' 40 % segments\n', ' 80 % segments\n']);
});
