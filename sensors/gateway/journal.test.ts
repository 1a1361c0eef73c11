import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import type { Measurement } from '../client/senml.ts';
import { Journal } from './journal.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'isobar-journal-'));
  path = join(directory, 'roof.journal.jsonl');
});
afterEach(() => rm(directory, { recursive: true }));

async function openJournal(sentThrough: number | null): Promise<Journal> {
  const journal = await Journal.open(path, sentThrough);
  onTestFinished(() => journal.close());
  return journal;
}

const at = (measuredMs: number): Measurement => ({ quantity: 'temp', value: measuredMs / 10, unit: 'Cel', measuredMs });

test('what was appended is there again after a restart, oldest first, in batches of the size asked for', async () => {
  const journal = await openJournal(null);
  await Promise.all([1, 2, 3].map((ms) => journal.append([at(ms), at(ms + 100)])));
  const again = await openJournal(null);
  expect(again.next(5)).toEqual({ measurements: [at(1), at(101), at(2), at(102)], through: 2 });
  expect(again.next(1)).toEqual({ measurements: [at(1), at(101)], through: 1 });
  await again.sent(2);
  expect([again.waiting, again.next(5)?.through]).toEqual([2, 3]);
  expect((await openJournal(2)).next(5)).toEqual({ measurements: [at(3), at(103)], through: 3 });
  expect((await openJournal(3)).next(5)).toBeNull();
});

test('a line cut short at any byte by a power cut goes, and the lines before and after it stay', async () => {
  const journal = await openJournal(null);
  await journal.append([at(1)]);
  const whole = await readFile(path, 'utf8');
  for (let cut = 1; cut < whole.length; cut++) {
    await writeFile(path, whole + whole.slice(0, cut));
    const after = await openJournal(null);
    expect(after.waiting, `cut at ${cut}`).toBe(1);
    await after.append([at(2)]);
    expect((await openJournal(null)).next(9)?.measurements, `cut at ${cut}`).toEqual([at(1), at(2)]);
  }
});

test('sent lines go once there are many, and numbers go on rising', async () => {
  const journal = await openJournal(null);
  const many = Array.from({ length: 20_000 }, (_, ms) => at(ms));
  await journal.append(many);
  await journal.sent(1);
  expect((await stat(path)).size).toBe(0);
  await journal.append([at(1)]);
  expect((await openJournal(1)).next(9)).toEqual({ measurements: [at(1)], through: 2 });
});

test('a full journal says so and keeps what it has', async () => {
  const journal = await openJournal(null);
  const many = Array.from({ length: 300_000 }, (_, ms) => at(ms));
  expect(await journal.append(many)).toBe('on-disk');
  const { size } = await stat(path);
  expect(await journal.append(many)).toBe('on-disk');
  expect(await journal.append(many)).toBe('full');
  expect((await stat(path)).size).toBeLessThan(3 * size);
});

test('a file that is no journal is named and left alone', async () => {
  await appendFile(path, '[1,[["temp",1,1]]]\nhello\n');
  await expect(Journal.open(path, null)).rejects.toThrow('line 2 is not');
});
