import { stripVTControlCharacters } from 'node:util';

/** Counts tests of different runners. A runner that ends badly without naming a failed test counts as one failure. */
export type Tally = {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly string[];
  /** Name of each, and below it the beginning of why. */
  readonly failures: readonly string[];
};

type VitestReport = {
  readonly testResults?: readonly {
    readonly name: string;
    readonly status: string;
    /** Why the file failed as a whole: it could not be loaded, or what comes before its tests did not end well. */
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
};

const orOneFailure = (tally: Tally, exitCode: number, runner: string): Tally =>
  exitCode !== 0 && tally.failed === 0
    ? { ...tally, failed: 1, failures: [`${runner} ended with exit code ${exitCode}`] }
    : tally;

const WHY_LINES = 6;

function withReason(name: string, reason: string | undefined): string {
  const lines = stripVTControlCharacters(reason ?? '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  return [name, ...lines.slice(0, WHY_LINES).map((line) => `    ${line}`)].join('\n');
}

/** `text`: the report of vitest's json reporter. */
export function vitestTally(text: string, exitCode: number): Tally {
  const files = (JSON.parse(text) as VitestReport).testResults ?? [];
  const tests = files.flatMap((file) => file.assertionResults.map((test) => ({ ...test, file: file.name })));
  const named = (status: RegExp) => tests.filter((test) => status.test(test.status)).map((test) => test.fullName);
  // It could not be loaded, or was refused what it begins with: none of its tests failed.
  const broken = files.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  const failures = [
    ...tests
      .filter((test) => test.status === 'failed')
      .map((test) => withReason(test.fullName, test.failureMessages?.join('\n'))),
    ...broken.map((file) => withReason(file.name, file.message || 'a hook failed; why stands above, after FAIL')),
  ];
  const tally = {
    passed: named(/^passed$/).length,
    failed: failures.length,
    skipped: named(/^(?:skipped|pending|todo|disabled)$/),
    failures,
  };
  return orOneFailure(tally, exitCode, 'vitest');
}

/** `output`: what `forge test` prints. */
export function forgeTally(output: string, exitCode: number): Tally {
  const plain = stripVTControlCharacters(output);
  const total = /(\d+) tests? passed, (\d+) failed, (\d+) skipped \(/.exec(plain);
  const failures = [
    ...new Set(Array.from(plain.matchAll(/^\[FAIL[^\n]*\] (\w+)\(/gm), (match) => `contracts: ${match[1]}`)),
  ];
  const tally = { passed: Number(total?.[1] ?? 0), failed: Number(total?.[2] ?? 0), skipped: [], failures };
  return orOneFailure(tally, exitCode, 'forge');
}

/** A command that is one test. */
export function commandTally(name: string, exitCode: number): Tally {
  const passed = exitCode === 0;
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: [], failures: passed ? [] : [name] };
}

export function addTallies(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((sum, tally) => sum + tally.passed, 0),
    failed: tallies.reduce((sum, tally) => sum + tally.failed, 0),
    skipped: tallies.flatMap((tally) => tally.skipped),
    failures: tallies.flatMap((tally) => tally.failures),
  };
}
