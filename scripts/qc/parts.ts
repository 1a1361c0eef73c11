/**
 * Halves of a data set for the scorer: the fold runs over all of it, only the judging is cut. Flags need no cut, because
 * the scorer looks at them where there are readings or labels.
 */
import { createReadStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { readStations } from './data-set.ts';

export type Part = {
  readonly name: string;
  readonly readings: string;
  readonly labels: string;
  readonly options: readonly string[];
};

/** What `qc-score.py` leaves out after the first reading unless told. */
const WARMUP_DAYS = 14;
const DAY_SECONDS = 86_400;
const HOUR_SECONDS = 3600;

type Line = { readonly seconds: number; readonly device: string; readonly text: string };

/** Every other station by id, and the time before and after the middle of what is judged. */
export async function writeParts(folder: string, options: readonly string[], work: string): Promise<readonly Part[]> {
  const { header, lines } = await readLines(join(folder, 'readings.csv.gz'));
  const labels = await readFile(join(folder, 'labels.csv'), 'utf8');
  const ids = (await readStations(join(folder, 'stations.csv'))).map(({ id }) => id).toSorted();
  const odd = new Set(ids.filter((_, at) => at % 2 === 0));
  const { first, last } = spanOf(lines);
  const start = first + warmupDays(options) * DAY_SECONDS;
  // Both halves have as much of the time that is judged.
  const middle = Math.floor((start + last) / 2 / HOUR_SECONDS) * HOUR_SECONDS;
  const day = new Date(middle * 1000).toISOString().slice(0, 16).replace('T', ' ');
  const halves: readonly [string, (line: Line) => boolean, number, number][] = [
    ['stations 1, 3, 5 ...', ({ device }) => odd.has(device), -Infinity, Infinity],
    ['stations 2, 4, 6 ...', ({ device }) => !odd.has(device), -Infinity, Infinity],
    [`before ${day}`, ({ seconds }) => seconds < middle, -Infinity, middle],
    [`from ${day}`, ({ seconds }) => seconds >= middle, middle, Infinity],
  ];
  return Promise.all(
    halves.map(async ([name, keeps, from, until], at): Promise<Part> => {
      const part = { readings: join(work, `part-${at}.csv`), labels: join(work, `part-${at}.labels.csv`) };
      const kept = lines.filter(keeps);
      await writeFile(part.readings, `${[header, ...kept.map(({ text }) => text)].join('\n')}\n`);
      await writeFile(part.labels, clipLabels(labels, from, until));
      // Judged from the same moment as the whole set, whatever the part begins with; half a second is for rounding.
      const warmup = (Math.max(start, from) - spanOf(kept).first - 0.5) / DAY_SECONDS;
      return { name, ...part, options: [...options, '--warmup', String(warmup)] };
    }),
  );
}

async function readLines(path: string): Promise<{ readonly header: string; readonly lines: readonly Line[] }> {
  const lines: Line[] = [];
  let header: string | null = null;
  let columns: readonly string[] = [];
  for await (const text of createInterface({ input: createReadStream(path).pipe(createGunzip()) })) {
    if (header === null) {
      header = text;
      columns = text.split(',');
      continue;
    }
    const cells = text.split(',', columns.length);
    const seconds = Number(cells[columns.indexOf('ts')]);
    lines.push({ seconds, device: cells[columns.indexOf('device')] ?? '', text });
  }
  return { header: header ?? '', lines };
}

function spanOf(lines: readonly Line[]): { readonly first: number; readonly last: number } {
  let [first, last] = [Infinity, -Infinity];
  for (const { seconds } of lines) {
    first = Math.min(first, seconds);
    last = Math.max(last, seconds);
  }
  return { first, last };
}

function warmupDays(options: readonly string[]): number {
  const at = options.indexOf('--warmup');
  return at < 0 ? WARMUP_DAYS : Number(options[at + 1]);
}

/** `event,device,quantity,start,end,...`: a silent hour is judged by its label alone, so labels are cut as well. */
function clipLabels(labels: string, from: number, until: number): string {
  const [header, ...rows] = labels.trimEnd().split('\n');
  const kept = rows.flatMap((row) => {
    const [event, device, quantity, start, end, ...others] = row.split(',');
    const [fromSeconds, untilSeconds] = [Math.max(Number(start), from), Math.min(Number(end), until)];
    if (fromSeconds >= untilSeconds) return [];
    return [[event, device, quantity, fromSeconds, untilSeconds, ...others].join(',')];
  });
  return `${[header, ...kept].join('\n')}\n`;
}
