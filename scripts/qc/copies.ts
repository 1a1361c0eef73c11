/** Whom the `copy` test accuses, by the labels: copiers are right to be accused, their donors and honest twins never are. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { parseCsv } from '../../sensors/simulator/csv.ts';

/** Stations of one place in Madrid: alike from the first day on. */
const TWINS: ReadonlySet<string> = new Set(['28079112', '28079113', '28079114', '28079115']);

const PARAMS = z.object({ donor: z.string() });

export type Accused = {
  /** Device-hours in which a twin is accused outside of what it was made to copy. */
  readonly twinHours: number;
  /** Donors that failed `copy` while they were copied, and copied nobody themselves. */
  readonly donorsFailed: number;
};

type Copy = { readonly device: string; readonly donor: string; readonly start: number; readonly end: number };

/** After a copy the accusation ends within hours: what it takes belongs to it. */
const FADE_SECONDS = 12 * 3600;

export async function accusedOf(labels: string, flags: readonly string[]): Promise<Accused> {
  const copies = parseCsv(await readFile(labels, 'utf8')).flatMap((row): Copy[] => {
    if (row['type'] !== 'copy') return [];
    const { donor } = PARAMS.parse(JSON.parse(row['params'] ?? ''));
    return [{ device: row['device'] ?? '', donor, start: Number(row['start']), end: Number(row['end']) }];
  });
  const twinHours = new Set<string>();
  const donorsFailed = new Set<string>();
  for (const line of flags) {
    const [device = '', ts, , flag, , tests = ''] = line.split(',');
    if (!tests.split('+').includes('copy')) continue;
    const seconds = Number(ts);
    const isOwn = copies.some(
      (one) => one.device === device && seconds >= one.start && seconds < one.end + FADE_SECONDS,
    );
    if (isOwn) continue;
    if (TWINS.has(device)) twinHours.add(`${device} ${Math.floor(seconds / 3600)}`);
    const isDonor = copies.some((one) => one.donor === device && seconds >= one.start && seconds < one.end);
    if (isDonor && flag === '2') donorsFailed.add(device);
  }
  return { twinHours: twinHours.size, donorsFailed: donorsFailed.size };
}
