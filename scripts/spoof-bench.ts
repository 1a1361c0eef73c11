/**
 * `npm run qc:spoof`: how well cheats are told from honest devices, family by family; prints the tables and writes
 * docs/evidence/spoof.md. Progress goes to stderr.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type AttackName, ATTACK_NAMES, isAttackName } from '../sensors/simulator/attacks/catalogue.ts';
import { loadSlices } from '../sensors/simulator/slice.ts';
import { numberFlag, readArguments, runSubcommand, UsageError } from './command-line.ts';
import { ROOT } from './lib/files.ts';
import { done } from './lib/say.ts';
import { Bench, planRuns, type RunResult } from './spoof/bench.ts';
import { citiesOf } from './spoof/city.ts';
import { baselineTable, familiesTable, pageOf, summarize, totalsOf } from './spoof/report.ts';

const HELP = `npm run qc:spoof -- [--full] [--attack NAME] [--stations N] [--seeds N] [--out FILE]

  --attack NAME   only this family; nothing is written then, unless --out says where
  --stations N    stations of each city that turn into cheats, one at a time (4)
  --seeds N       times each (2)
  --full          every station
  --out FILE      docs/evidence/spoof.md

  Families: ${ATTACK_NAMES.join(', ')}`;

const DEFAULT_OUT = 'docs/evidence/spoof.md';
const DEFAULT_STATIONS = 4;
const DEFAULT_SEEDS = 2;

async function measure(args: readonly string[]): Promise<void> {
  const { flags, has } = readArguments(args, { values: ['attack', 'stations', 'seeds', 'out'], switches: ['full'] });
  const startedMs = Date.now();
  const attacks = attacksNamed(flags['attack']);
  const cities = citiesOf(await loadSlices());
  const stations = has('full') ? Number.POSITIVE_INFINITY : (numberFlag(flags, 'stations') ?? DEFAULT_STATIONS);
  const runs = planRuns(cities, attacks, stations, numberFlag(flags, 'seeds') ?? DEFAULT_SEEDS);
  const bench = new Bench();

  console.error('honest baseline');
  const baseline = cities.flatMap((city) => bench.baseline(city));
  const results: RunResult[] = [];
  for (const [attack, ofFamily] of Map.groupBy(runs, (run) => run.attack)) {
    const sinceMs = Date.now();
    for (const run of ofFamily) results.push(bench.run(run));
    const seconds = ((Date.now() - sinceMs) / 1000).toFixed(1);
    console.error(`${attack}: ${ofFamily.length} attacks, ${seconds} s (${results.length} of ${runs.length})`);
  }

  const rows = summarize(results);
  console.log(`${baselineTable(baseline)}\n\n${familiesTable(rows)}\n\n${totalsOf(rows)}`);
  const out = flags['out'] ?? (attacks.length === ATTACK_NAMES.length ? join(ROOT, DEFAULT_OUT) : undefined);
  if (out === undefined) return;
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, pageOf(baseline, rows, commandOf(args)));
  console.error('');
  done(flags['out'] ?? DEFAULT_OUT, startedMs);
}

function attacksNamed(name: string | undefined): readonly AttackName[] {
  if (name === undefined) return ATTACK_NAMES;
  if (!isAttackName(name)) throw new UsageError(`there is no attack "${name}"; there are ${ATTACK_NAMES.join(', ')}`);
  return [name];
}

const commandOf = (args: readonly string[]): string =>
  ['npm run qc:spoof', ...(args.length > 0 ? ['--', ...args] : [])].join(' ');

const args = process.argv.slice(2);
await runSubcommand(HELP, new Map([['measure', measure]]), args[0] === 'help' ? args : ['measure', ...args]);
