/**
 * `npm test`: the contracts' tests, the chaos suites in their short form, vitest (all projects), then one line for all of
 * them: `N passed, N failed`.
 * With arguments, vitest alone with these arguments: `npm test -- --project unit core/reward`.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './lib/run.ts';
import { failed, yellow } from './lib/say.ts';
import { addTallies, commandTally, forgeTally, vitestTally, type Tally } from './lib/tally.ts';

const args = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'isobar-test-'));
const tallies: Tally[] = [];

if (args.length === 0) {
  const forge = await run(['forge', 'test'], { show: true });
  tallies.push(forgeTally(forge.output, forge.exitCode));
  await chaos('rewards-model');
  // Side by side: each keeps one core busy and waits for blocks and restarts in between.
  await Promise.all([chaos('rewards'), chaos('fleet')]);
}

// Last, so that what it tells of a failure stands at the end.
const report = join(folder, 'vitest.json');
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
const vitest = await run(['vitest', 'run', ...reporters, ...args], { show: true });
// No report: vitest did not even start its tests.
tallies.push(vitestTally(existsSync(report) ? readFileSync(report, 'utf8') : '{}', vitest.exitCode));
rmSync(folder, { recursive: true });

const total = addTallies(tallies);
console.log('');
for (const name of total.skipped) console.log(yellow(`skipped: ${name}`));
for (const name of total.failures) failed(name);
console.log(
  `${total.passed} passed, ${total.failed} failed${total.skipped.length > 0 ? `, ${total.skipped.length} skipped` : ''}`,
);
process.exitCode = total.failed > 0 ? 1 : 0;

/** Printed when it has ended, so that no two suites are mixed. */
async function chaos(suite: string): Promise<void> {
  const { exitCode, output } = await run(['node', 'scripts/chaos.ts', '--suite', suite]);
  console.log(output.trimEnd());
  tallies.push(commandTally(`chaos ${suite}`, exitCode));
}
