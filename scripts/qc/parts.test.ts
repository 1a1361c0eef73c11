import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { writeParts } from './parts.ts';

test('the halves of a set hold each reading once by station and once by time, and labels end where they do', async () => {
  const work = await mkdtemp(join(tmpdir(), 'isobar-parts-'));
  try {
    const rows = [0, 3600, 7200, 10_800].flatMap((seconds) =>
      (seconds === 0 ? ['a', 'c'] : ['b', 'a', 'c']).map((device) => `${seconds},${device},1`),
    );
    await writeFile(join(work, 'readings.csv.gz'), gzipSync(`ts,device,temp\n${rows.join('\n')}\n`));
    await writeFile(join(work, 'stations.csv'), 'device,lat,lon,elev_m,kind,name\nb,,,,,\na,,,,,\nc,,,,,\n');
    await writeFile(
      join(work, 'labels.csv'),
      'event,device,quantity,start,end,type,params\ne1,a,*,0,7200,gap,"{""x"":1,""y"":2}"\ne2,b,temp,0,3600,spike,{}\n',
    );
    const parts = await writeParts(work, ['--warmup', '0'], work);
    const linesOf = async (path: string) => (await readFile(path, 'utf8')).trimEnd().split('\n').slice(1);
    const kept = await Promise.all(parts.map(({ readings }) => linesOf(readings)));
    expect([...(kept[0] ?? []), ...(kept[1] ?? [])].toSorted()).toEqual(rows.toSorted());
    expect([...(kept[2] ?? []), ...(kept[3] ?? [])]).toEqual(rows);
    expect(new Set(kept[1]?.map((row) => row.split(',')[1]))).toEqual(new Set(['b']));
    expect(kept[2]?.every((row) => Number(row.split(',')[0]) < 3600)).toBe(true);
    expect(await linesOf(parts[3]?.labels ?? '')).toEqual(['e1,a,*,3600,7200,gap,"{""x"":1,""y"":2}"']);
    // Judged from the set's own start, though the second half's first station begins an hour later; then from the middle.
    const warmups = parts.map(({ options }) => Math.round(Number(options.at(-1)) * 86_400 + 0.5) + 0);
    expect(warmups).toEqual([0, -3600, 0, 0]);
  } finally {
    await rm(work, { recursive: true });
  }
});
