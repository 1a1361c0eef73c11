/** `npm run qc:replay`: the region fold over a data set, written in the formats that a scorer reads. */
import { writeFile } from 'node:fs/promises';
import { MAIN_RULES } from '../core/rules/main.ts';
import { hourOf } from '../core/time.ts';
import { readArguments, requireFlag, UsageError } from './command-line.ts';
import { readRows, readStations, type Row } from './qc/data-set.ts';
import { FlagTable } from './qc/flag-table.ts';
import { Replay, type RegionOf } from './qc/replay.ts';
import { failed, isMain, Refusal } from './lib/say.ts';

const HELP = `npm run qc:replay -- --readings F --stations F --out FLAGS [--scores SCORES]

  The fold of the region objects over a data set: one fold per region and the exchange between
  them, rows in order of receipt.

  --readings F  ts,device[,rx],<quantity>... as CSV or CSV.gz; no2, o3, so2 in ug/m3, co in mg/m3
  --stations F  device,lat,lon,elev_m,kind,name
  --out F       device,ts,quantity,flag,score,tests; flag 1 suspect, 2 fail
  --scores F    device,ts,score: one a device and UTC day, 0 to 1
  --quiet       no progress on stderr
  --help        this text`;

const DAY_SECONDS = 86_400;
const PROGRESS_ROWS = 20_000;

type Paths = { readonly readings: string; readonly stations: string };
type Tables = { readonly flags: readonly string[]; readonly scores: readonly string[] };

export async function replayDataSet(
  paths: Paths,
  progress: (line: string) => void,
  regionOf?: RegionOf,
): Promise<Tables> {
  const stations = await readStations(paths.stations);
  const table = new FlagTable(MAIN_RULES.time.hourSeconds);
  const scores = new Map<string, number>();
  let replay: Replay | null = null;
  let names = new Map<string, string[]>();
  let rows = 0;
  let together: Row[] = [];
  const collect = (running: Replay): void => {
    for (const region of running.regions) {
      table.judge(names.get(region.cell) ?? [], region.outputs);
      for (const day of region.outputs.days.splice(0))
        scores.set(`${day.member.device},${day.epoch * DAY_SECONDS}`, day.scoreBps / 10_000);
      region.outputs.events.length = 0;
      region.outputs.revisions.length = 0;
      region.outputs.seals.length = 0;
    }
  };
  const flush = (): void => {
    const [first] = together;
    if (first === undefined) return;
    if (replay === null) {
      replay = new Replay(stations, MAIN_RULES, first.receivedMs, regionOf);
      names = namesBySlot(replay);
    }
    replay.advance(first.receivedMs);
    for (const [device, posted] of Map.groupBy(together, (row) => row.device)) {
      const placed = replay.placed.get(device);
      if (placed === undefined) throw new Refusal(`"${device}" is not among the stations of ${paths.stations}.`);
      const effect = replay.post(placed, posted, first.receivedMs);
      table.receive(device, posted, effect);
      // A day whose readings all came too late or from the future has no row and earns nothing.
      for (const row of posted) {
        const key = `${device},${Math.floor(row.measuredMs / 1000 / DAY_SECONDS) * DAY_SECONDS}`;
        if (!scores.has(key)) scores.set(key, 0);
      }
    }
    collect(replay);
    together = [];
  };
  for await (const row of readRows(paths.readings)) {
    if (together.length > 0 && together[0]?.receivedMs !== row.receivedMs) flush();
    together.push(row);
    rows += 1;
    if (rows % PROGRESS_ROWS === 0) progress(`${rows} rows, ${new Date(row.receivedMs).toISOString()}`);
  }
  const lastMs = together[0]?.receivedMs ?? 0;
  flush();
  const running: Replay | null = replay;
  if (running === null) throw new Refusal(`${paths.readings} has no rows.`);
  // Two days on, everything that was received is judged.
  closeTo(running, lastMs + 2 * DAY_SECONDS * 1000);
  collect(running);
  table.finish();
  return { flags: table.lines, scores: ['device,ts,score', ...[...scores].map(([key, score]) => `${key},${score}`)] };
}

function closeTo(replay: Replay, untilMs: number): void {
  const hourMs = MAIN_RULES.time.hourSeconds * 1000;
  for (let hour = hourOf(untilMs, MAIN_RULES.time) - 47; hour * hourMs <= untilMs; hour += 1)
    replay.advance(hour * hourMs);
}

function namesBySlot(replay: Replay): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const [id, { region, slot }] of replay.placed) {
    const ofRegion = names.get(region.cell) ?? [];
    ofRegion[slot] = id;
    names.set(region.cell, ofRegion);
  }
  return names;
}

async function main(args: readonly string[]): Promise<void> {
  const { flags, has } = readArguments(args, {
    values: ['readings', 'stations', 'out', 'scores'],
    switches: ['quiet', 'help'],
  });
  if (has('help')) {
    console.log(HELP);
    return;
  }
  const out = requireFlag(flags, 'out');
  const paths = { readings: requireFlag(flags, 'readings'), stations: requireFlag(flags, 'stations') };
  const startedMs = Date.now();
  const tables = await replayDataSet(paths, (line) => {
    if (!has('quiet')) process.stderr.write(`${line}\n`);
  });
  await writeFile(out, `${tables.flags.join('\n')}\n`);
  const scores = flags['scores'];
  if (scores !== undefined) await writeFile(scores, `${tables.scores.join('\n')}\n`);
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
