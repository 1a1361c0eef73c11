/** Counts tests of different runners. A runner that ends badly without naming a failed test counts as one failure. */
export type Tally = {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly string[];
  readonly failures: readonly string[];
};

type VitestReport = {
  readonly testResults?: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
};

const orOneFailure = (tally: Tally, exitCode: number, runner: string): Tally =>
  exitCode !== 0 && tally.failed === 0
    ? { ...tally, failed: 1, failures: [`${runner} ended with exit code ${exitCode}`] }
    : tally;

/** `text`: the report of vitest's json reporter. */
export function vitestTally(text: string, exitCode: number): Tally {
  const files = (JSON.parse(text) as VitestReport).testResults ?? [];
  const tests = files.flatMap((file) => file.assertionResults.map((test) => ({ ...test, file: file.name })));
  const named = (status: RegExp) => tests.filter((test) => status.test(test.status)).map((test) => test.fullName);
  // A file that cannot be loaded has failed and has no tests.
  const broken = files.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  const failures = [...named(/^failed$/), ...broken.map((file) => file.name)];
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
  const plain = output.replaceAll(new RegExp(String.raw`\u001b\[[0-9;]*m`, 'g'), '');
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
