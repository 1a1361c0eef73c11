import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { accusedOf } from './copies.ts';

test('a copier, also a twin, is rightly accused; a twin at other times and a donor that fails are not', async () => {
  const work = await mkdtemp(join(tmpdir(), 'isobar-copies-'));
  try {
    const labels = join(work, 'labels.csv');
    await writeFile(
      labels,
      [
        'event,device,quantity,start,end,type,params',
        'e1,28079112,temp,360000,396000,copy,"{""donor"":""28079008"",""noise"":0.01}"',
        'e2,a,temp,360000,396000,copy,"{""donor"":""b"",""noise"":0.01}"',
        'e3,a,temp,360000,396000,spike,"{}"',
      ].join('\n'),
    );
    const flag = (device: string, seconds: number, severity: number, tests = 'bias+copy') =>
      `${device},${seconds},temp,${severity},1,${tests}`;
    const found = (...lines: string[]) => accusedOf(labels, ['device,ts,quantity,flag,score,tests', ...lines]);
    expect(await found(flag('28079112', 363600, 2), flag('28079112', 410000, 1), flag('a', 370000, 2))).toEqual({
      twinHours: 0,
      donorsFailed: 0,
    });
    expect(await found(flag('28079113', 363600, 1), flag('28079113', 363700, 1), flag('28079112', 900000, 1))).toEqual({
      twinHours: 2,
      donorsFailed: 0,
    });
    expect(await found(flag('b', 363600, 1), flag('b', 363600, 2, 'bias'), flag('28079008', 363600, 2))).toEqual({
      twinHours: 0,
      donorsFailed: 1,
    });
  } finally {
    await rm(work, { recursive: true });
  }
});
