/** `npm run qc:replay`: the region fold over a data set, written in the formats that a scorer reads. */
import { existsSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { readArguments, requireFlag, UsageError } from './command-line.ts';
import { readRows, readStations } from './qc/data-set.ts';
import { DataSetReplay, type SavedDataSetReplay, type Tables } from './qc/data-set-replay.ts';
import type { RegionOf } from './qc/replay.ts';
import { failed, isMain, Refusal } from './lib/say.ts';

const HELP = `npm run qc:replay -- --readings F --stations F --out FLAGS [--scores SCORES]

  The fold of the region objects over a data set: one fold per region and the exchange between
  them, rows in order of receipt.

  --readings F  ts,device[,rx],<quantity>... as CSV or CSV.gz; no2, o3, so2 in ug/m3, co in mg/m3
  --stations F  device,lat,lon,elev_m,kind,name
  --out F       device,ts,quantity,flag,score,tests; flag 1 suspect, 2 fail
  --scores F    device,ts,score: one a device and UTC day, 0 to 1
  --checkpoint F  kept up to date; a run that finds it goes on from there and ends with the same bytes
  --every ROWS    between two checkpoints (default: 20000)
  --quiet       no progress on stderr
  --help        this text`;

const PROGRESS_ROWS = 20_000;

type Paths = { readonly readings: string; readonly stations: string };
type Checkpoint = { readonly file: string; readonly everyRows: number };

export async function replayDataSet(
  paths: Paths,
  progress: (line: string) => void,
  { checkpoint, regionOf }: { readonly checkpoint?: Checkpoint; readonly regionOf?: RegionOf } = {},
): Promise<Tables> {
  const stations = await readStations(paths.stations);
  const saved = checkpoint === undefined ? null : await readCheckpoint(checkpoint.file);
  let replay = saved === null ? null : DataSetReplay.resume(stations, saved, regionOf);
  let savedRows = saved?.rows ?? 0;
  let rows = 0;
  for await (const row of readRows(paths.readings)) {
    rows += 1;
    if (saved !== null && rows <= saved.rows) continue;
    replay ??= new DataSetReplay(stations, row.receivedMs, regionOf);
    replay.take(row);
    if (checkpoint !== undefined && replay.rows >= savedRows + checkpoint.everyRows) {
      savedRows = replay.rows;
      await writeCheckpoint(checkpoint.file, replay.save());
      progress(`checkpoint after ${savedRows} rows`);
    }
    if (rows % PROGRESS_ROWS === 0) progress(`${rows} rows, ${new Date(row.receivedMs).toISOString()}`);
  }
  if (replay === null) throw new Refusal(`${paths.readings} has no rows.`);
  return replay.finish();
}

async function readCheckpoint(file: string): Promise<SavedDataSetReplay | null> {
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as SavedDataSetReplay) : null;
}

/** By renaming: a kill in the middle leaves the one before. */
async function writeCheckpoint(file: string, saved: SavedDataSetReplay): Promise<void> {
  await writeFile(`${file}.new`, JSON.stringify(saved));
  await rename(`${file}.new`, file);
}

async function main(args: readonly string[]): Promise<void> {
  const { flags, has } = readArguments(args, {
    values: ['readings', 'stations', 'out', 'scores', 'checkpoint', 'every'],
    switches: ['quiet', 'help'],
  });
  if (has('help')) {
    console.log(HELP);
    return;
  }
  const out = requireFlag(flags, 'out');
  const paths = { readings: requireFlag(flags, 'readings'), stations: requireFlag(flags, 'stations') };
  const file = flags['checkpoint'];
  const everyRows = Number(flags['every'] ?? PROGRESS_ROWS);
  if (!Number.isInteger(everyRows) || everyRows < 1) throw new UsageError('--every must be a whole number of rows.');
  const startedMs = Date.now();
  const progress = (line: string): void => {
    if (!has('quiet')) process.stderr.write(`${line}\n`);
  };
  const tables = await replayDataSet(paths, progress, file === undefined ? {} : { checkpoint: { file, everyRows } });
  await writeFile(out, `${tables.flags.join('\n')}\n`);
  const scores = flags['scores'];
  if (scores !== undefined) await writeFile(scores, `${tables.scores.join('\n')}\n`);
  if (file !== undefined) await rm(file, { force: true });
  process.stderr.write(`done in ${((Date.now() - startedMs) / 1000).toFixed(1)} s\n`);
}

if (isMain(import.meta.url)) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    if (error instanceof UsageError) {
      failed(`${error.message}\n\n${HELP}`);
      process.exitCode = 2;
    } else if (error instanceof Refusal) {
      failed(error.message);
      process.exitCode = 1;
    } else throw error;
  }
}
