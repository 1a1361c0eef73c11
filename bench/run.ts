/**
 * `npm run bench`: measures, prints a table, writes bench/results.json, and exits 1 where a budget is broken. With names
 * of rows, only those: `npm run bench -- pack fold`.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { green, red, Refusal, runCommand } from '../scripts/lib/say.ts';
import { type Figure, isWithinBudget, ratioOf, type Row } from './row.ts';
import { chainRequestsRow } from './rows/chain-requests.ts';
import { epochRow } from './rows/epoch.ts';
import { fleetRow } from './rows/fleet.ts';
import { foldRow } from './rows/fold.ts';
import { ingestRow } from './rows/ingest.ts';
import { packRow } from './rows/pack.ts';
import { queryRow } from './rows/query.ts';
import { rowsWrittenRow } from './rows/rows-written.ts';
import { verifyRow } from './rows/verify.ts';
import { wholeFoldRow } from './rows/whole-fold.ts';

const ROWS: readonly Row[] = [
  verifyRow,
  packRow,
  foldRow,
  wholeFoldRow,
  rowsWrittenRow,
  ingestRow,
  fleetRow,
  epochRow,
  queryRow,
  chainRequestsRow,
];

function lineOf(figure: Figure): string {
  const { name, value, unit, floor, budget } = figure;
  const ratio = ratioOf(figure);
  const against =
    floor && ratio !== null
      ? `${ratio.toFixed(2)} x ${floor.value.toFixed(digitsOf(floor.value))} (${floor.name})`
      : '';
  const limit = budget ? ('atMost' in budget ? `at most ${budget.atMost}` : `at least ${budget.atLeast}`) : '';
  const verdict = budget ? (isWithinBudget(figure) ? green('ok') : red('OVER')) : '';
  return [
    `${name.padEnd(46)} ${value.toFixed(digitsOf(value)).padStart(9)} ${unit.padEnd(14)}`,
    against,
    limit,
    verdict,
  ]
    .filter((part) => part !== '')
    .join('  ');
}

const digitsOf = (value: number): number => (value >= 100 ? 0 : value >= 1 ? 2 : 3);

await runCommand(async () => {
  const wanted = process.argv.slice(2);
  const unknown = wanted.find((name) => !ROWS.some((row) => row.name === name));
  if (unknown !== undefined)
    throw new Refusal(`no row "${unknown}"; there are: ${ROWS.map(({ name }) => name).join(', ')}.`);

  const rows: { readonly name: string; readonly figures: readonly Figure[] }[] = [];
  for (const row of ROWS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    const figures = await row.measure();
    for (const figure of figures) console.log(lineOf(figure));
    rows.push({ name: row.name, figures });
  }
  const machine = { cpu: cpus()[0]?.model.trim() ?? 'unknown', cores: cpus().length, node: process.version };
  const results = rows.map(({ name, figures }) => ({
    name,
    figures: figures.map((figure) => ({ ...figure, ratio: ratioOf(figure), ok: isWithinBudget(figure) })),
  }));
  const path = join(import.meta.dirname, 'results.json');
  writeFileSync(path, `${JSON.stringify({ at: new Date().toISOString(), machine, rows: results }, null, 2)}\n`);
  const broken = rows.flatMap(({ figures }) => figures).filter((figure) => !isWithinBudget(figure));
  if (broken.length > 0) throw new Refusal(`over budget: ${broken.map(({ name }) => name).join('; ')}.`);
});
