/** `npm run check`: everything about the code that can be said without running it. One line a step, all steps always. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './lib/files.ts';
import { run } from './lib/run.ts';
import { done, failed } from './lib/say.ts';

type Step = { readonly name: string; readonly command: readonly [string, ...string[]] };

// The longest first: they run side by side.
const STEPS: readonly Step[] = [
  { name: 'types', command: ['tsc', '--pretty', 'false'] },
  { name: 'generated files up to date', command: ['node', 'scripts/generate.ts', '--check'] },
  { name: 'lint', command: ['oxlint', '--format', 'unix'] },
  ...(existsSync(join(ROOT, 'web/tsconfig.json'))
    ? [{ name: 'types of the pages', command: ['tsc', '--pretty', 'false', '-p', 'web'] } as const]
    : []),
  { name: 'format', command: ['oxfmt', '--list-different', '.'] },
  { name: 'format of the contracts', command: ['forge', 'fmt', '--check'] },
  { name: 'imports go one way', command: ['node', 'scripts/check-imports.ts'] },
  { name: 'file sizes', command: ['node', 'scripts/check-file-size.ts'] },
];

const waiting = [...STEPS];
let wrong = 0;

async function work(): Promise<void> {
  for (let step = waiting.shift(); step; step = waiting.shift()) {
    const startedMs = Date.now();
    const { exitCode, output } = await run(step.command);
    if (exitCode === 0) {
      done(step.name, startedMs);
      continue;
    }
    wrong++;
    failed(`${step.name}\n${output.trimEnd()}`);
  }
}

await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
if (wrong > 0) {
  failed(`${wrong} of ${STEPS.length} checks failed`);
  process.exitCode = 1;
}
