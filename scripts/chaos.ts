/**
 * `npm run chaos -- --suite rewards-model|rewards|fleet [--schedules N] [--seed S]`: schedules of faults against the epoch
 * close and the Minter, on a model of platform and chain in this process, or on real anvil and workerd; or against devices
 * and ingest. Prints what happened how often and what came of it; ends with 1 where a payment or a reading counted twice or
 * was lost.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { runFleetSuite } from '../test/chaos/fleet-suite.ts';
import { runAnvilSuite, runModelSuite, type Suite } from '../test/chaos/suite.ts';
import { Tally } from '../test/chaos/tally.ts';
import { dim, done, failed, Refusal, runCommand, yellow } from './lib/say.ts';

/** What continuous integration runs; test/README.md names the long runs. */
const SUITES = { 'rewards-model': 1000, rewards: 12, fleet: 1 } as const;
type SuiteName = keyof typeof SUITES;
/** From here on no kind of write may be spared. */
const MANY = 5000;
const SHOWN_FAILURES = 5;
const PROGRESS_MS = 2000;

const RUNS = {
  'rewards-model': (suite: Suite, cores: number) =>
    runModelSuite(suite, Math.min(cores, Math.ceil(suite.schedules / 100))),
  rewards: (suite: Suite, cores: number) => runAnvilSuite(suite, Math.min(cores, Math.ceil(suite.schedules / 5))),
  fleet: (suite: Suite, cores: number) => runFleetSuite(suite, Math.min(cores, suite.schedules)),
} satisfies Record<SuiteName, unknown>;

await runCommand(async () => {
  const { values } = parseArgs({
    options: { suite: { type: 'string' }, schedules: { type: 'string' }, seed: { type: 'string', default: '1' } },
  });
  const { suite } = values;
  if (!isSuite(suite)) throw new Refusal(`--suite must be one of ${Object.keys(SUITES).join(', ')}.`);
  const schedules = whole('schedules', values.schedules ?? String(SUITES[suite]), 1);
  const seed = whole('seed', values.seed, 0);
  const startedMs = Date.now();
  let toldMs = startedMs;
  const onProgress = (count: number): void => {
    if (!process.stderr.isTTY || Date.now() - toldMs < PROGRESS_MS) return;
    toldMs = Date.now();
    process.stderr.write(dim(`\r  ${count} of ${schedules} schedules`));
  };
  const given = { schedules, seed, onProgress };
  const tally = await RUNS[suite](given, availableParallelism());
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  for (const line of tally.lines()) console.log(line);
  for (const failure of tally.failures.slice(0, SHOWN_FAILURES)) {
    failed(`seed ${failure.seed}: ${failure.wrongs.join('\n    ')}`);
    for (const step of failure.steps) console.error(`    ${JSON.stringify(step)}`);
  }
  const seeds = `seeds ${seed} to ${seed + schedules - 1}`;
  if (tally.failures.length > 0)
    throw new Refusal(
      `${tally.failures.length} of ${schedules} schedules failed (${seeds}); one again: npm run chaos -- --suite ${suite} --schedules 1 --seed S`,
    );
  if (tally instanceof Tally) tellGaps(tally, suite, schedules);
  const what = suite === 'fleet' ? 'readings' : 'payments';
  done(`chaos ${suite}: ${seeds}, double ${what} 0, lost ${what} 0`, startedMs);
});

/** Kinds of write that nobody knows, or that no crash came after. */
function tellGaps(tally: Tally, suite: SuiteName, schedules: number): void {
  const { unknown, spared } = tally.gaps();
  if (suite === 'rewards-model' && unknown.length > 0)
    throw new Refusal(`WRITE_KINDS in test/chaos/schedule.ts does not know: ${unknown.join(', ')}.`);
  if (spared.length > 0) console.log(yellow(`  never killed after: ${spared.join(', ')}`));
  if (suite === 'rewards-model' && schedules >= MANY && spared.length > 0)
    throw new Refusal('with so many schedules every kind of write must have been the last one once.');
}

function isSuite(name: string | undefined): name is SuiteName {
  return name !== undefined && Object.hasOwn(SUITES, name);
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least)
    throw new Refusal(`--${name} must be a whole number from ${least}.`);
  return value;
}
