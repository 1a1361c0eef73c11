/**
 * Cuts the two slices that the fleet replays out of the quality-control data sets:
 * `node scripts/make-slice.ts DATA_DIR [OUT_DIR]`, where DATA_DIR holds `madrid-city-2020/` and `beijing-2013/`.
 * The same input gives the same bytes (gzip with no time in its header). Hours that Madrid's operator marked invalid
 * are left out; the fleet brings its own, labelled misbehaviour.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import { type CsvRow, parseCsv } from '../sensors/simulator/csv.ts';

const SLICE_HOURS = 28 * 24;

/** Columns of the data sets and the codes of our catalogue; units stay as they are. */
const COLUMNS = [
  ['pm25', 'pm25'],
  ['pm10', 'pm10'],
  ['no2', 'no2'],
  ['o3', 'o3'],
  ['so2', 'so2'],
  ['co', 'co'],
  ['temp', 'temp'],
  ['rh', 'rh'],
  ['pres', 'press'],
  ['wind', 'wind_speed'],
  ['rain', 'rain'],
  ['solar', 'irradiance'],
] as const;

type Cut = {
  readonly slice: string;
  readonly region: string;
  readonly source: string;
  readonly start: string;
  readonly stations: readonly string[];
};

const CUTS: readonly Cut[] = [
  {
    slice: 'madrid-2020-02',
    region: 'Madrid',
    source: 'madrid-city-2020',
    start: '2020-02-01T00:00:00Z',
    // Stations with many quantities, spread over the city. The co-located pairs 112/113 and 114/115 stay out.
    stations: '008 018 024 036 038 039 054 056 059 102 103 106 107 108'.split(' ').map((id) => `28079${id}`),
  },
  {
    slice: 'beijing-2013-12',
    region: 'Beijing',
    source: 'beijing-2013',
    start: '2013-12-01T00:00:00Z',
    // The eight with the most complete months, from the center outwards, so that a small fleet has neighbours.
    stations: 'Aotizhongxin Nongzhanguan Dingling Wanshouxigong Gucheng Shunyi Changping Tiantan'.split(' '),
  },
];

type Invalid = {
  readonly device: string;
  readonly quantity: string;
  readonly start: number;
  readonly end: number;
};

function readInvalid(path: string): readonly Invalid[] {
  if (!existsSync(path)) return [];
  return parseCsv(readFileSync(path, 'utf8')).map((row) => ({
    device: row['device'] ?? '',
    quantity: row['quantity'] ?? '',
    start: Number(row['start']),
    end: Number(row['end']),
  }));
}

function cutReadings(dataDir: string, cut: Cut): string {
  const source = join(dataDir, cut.source);
  const invalid = readInvalid(join(source, 'labels.csv'));
  const isInvalid = (device: string, quantity: string, ts: number): boolean =>
    invalid.some(
      (event) =>
        event.device === device &&
        (event.quantity === quantity || event.quantity === '*') &&
        event.start <= ts &&
        ts < event.end,
    );
  const first = Date.parse(cut.start) / 1000;
  const rows = parseCsv(gunzipSync(readFileSync(join(source, 'readings.csv.gz'))).toString('utf8'));
  const present = COLUMNS.filter(([from]) => rows[0]?.[from] !== undefined);
  const lines = [`ts,device,${present.map(([, to]) => to).join(',')}`];
  const wanted = rows
    .filter((row) => cut.stations.includes(row['device'] ?? ''))
    .filter((row) => Number(row['ts']) >= first && Number(row['ts']) < first + SLICE_HOURS * 3600)
    .toSorted((a, b) => order(cut, a) - order(cut, b));
  for (const row of wanted) {
    const ts = Number(row['ts']);
    const device = row['device'] ?? '';
    const values = present.map(([from]) => (isInvalid(device, from, ts) ? '' : (row[from] ?? '')));
    if (values.some((value) => value !== '')) lines.push([ts, device, ...values].join(','));
  }
  return `${lines.join('\n')}\n`;
}

/** Station by station, then by time: neighbouring rows resemble each other, which halves the gzipped size. */
function order(cut: Cut, row: CsvRow): number {
  return cut.stations.indexOf(row['device'] ?? '') * 1e10 + Number(row['ts']);
}

function cutStations(dataDir: string, cut: Cut): readonly string[] {
  const rows = parseCsv(readFileSync(join(dataDir, cut.source, 'stations.csv'), 'utf8'));
  return cut.stations.map((station) => {
    const row = rows.find((candidate) => candidate['device'] === station);
    if (!row) throw new Error(`${cut.source}/stations.csv does not know ${station}`);
    const { lat = '', lon = '', elev_m = '', kind = '', name = '' } = row;
    return [cut.slice, cut.region, station, lat, lon, elev_m, kind, name].join(',');
  });
}

function main(dataDir: string | undefined, outDir: string): number {
  if (!dataDir) {
    console.error('usage: node scripts/make-slice.ts DATA_DIR [OUT_DIR]');
    return 2;
  }
  mkdirSync(outDir, { recursive: true });
  const files: [string, Uint8Array][] = CUTS.map((cut) => [
    `${cut.slice}.csv.gz`,
    gzipSync(cutReadings(dataDir, cut), { level: 9 }),
  ]);
  const stations = CUTS.flatMap((cut) => cutStations(dataDir, cut));
  files.push(['stations.csv', Buffer.from(`slice,region,device,lat,lon,elev_m,kind,name\n${stations.join('\n')}\n`)]);
  for (const [name, bytes] of files) {
    writeFileSync(join(outDir, name), bytes);
    console.log(`${createHash('sha256').update(bytes).digest('hex')}  ${name}  ${bytes.length} bytes`);
  }
  return 0;
}

process.exitCode = main(process.argv[2], process.argv[3] ?? 'data/slices');
