import { expect, test } from 'vitest';
import { addTallies, commandTally, forgeTally, vitestTally } from '../../scripts/lib/tally.ts';

const report = (tests: readonly (readonly [string, string])[], status = 'passed') =>
  JSON.stringify({
    testResults: [
      { name: 'a.test.ts', status, assertionResults: tests.map(([fullName, state]) => ({ fullName, status: state })) },
    ],
  });

test('a command counts as one test, by its name where it fails', () => {
  expect(commandTally('chaos', 0)).toMatchObject({ passed: 1, failed: 0, failures: [] });
  expect(commandTally('chaos', 1)).toMatchObject({ passed: 0, failed: 1, failures: ['chaos'] });
});

test('vitest and forge add up', () => {
  const vitest = vitestTally(
    report(
      [
        ['one', 'passed'],
        ['two', 'failed'],
        ['three', 'skipped'],
      ],
      'failed',
    ),
    1,
  );
  const forge = forgeTally(
    'Ran 2 test suites in 1.00s (1.00s CPU time): 5 tests passed, 0 failed, 0 skipped (5 total tests)',
    0,
  );
  expect(addTallies([vitest, forge])).toEqual({ passed: 6, failed: 1, skipped: ['three'], failures: ['two'] });
});

test('a file that cannot be loaded is a failure', () => {
  expect(vitestTally(report([], 'failed'), 1)).toMatchObject({
    passed: 0,
    failed: 1,
    failures: [expect.stringMatching(/^a\.test\.ts\n/)],
  });
});

test('a failure says why, in its first lines', () => {
  const text = JSON.stringify({
    testResults: [
      {
        name: 'a.test.ts',
        status: 'failed',
        message: '\u001b[31mRefusal: port 8787 is in use\u001b[39m\n\n at startNetwork',
        assertionResults: [{ fullName: 'skipped by it', status: 'skipped' }],
      },
      {
        name: 'b.test.ts',
        status: 'failed',
        message: '',
        assertionResults: [
          { fullName: 'one', status: 'failed', failureMessages: ['expected 1 to be 2\n1\n2\n3\n4\n5\n6'] },
        ],
      },
    ],
  });
  expect(vitestTally(text, 1).failures).toEqual([
    'one\n    expected 1 to be 2\n    1\n    2\n    3\n    4\n    5',
    'a.test.ts\n    Refusal: port 8787 is in use\n     at startNetwork',
  ]);
});

test('a runner that dies without a word is a failure', () => {
  expect(vitestTally('{}', 1).failed).toBe(1);
  expect(forgeTally('Error: Compilation failed', 1).failed).toBe(1);
});

test('a failed contract test is named once', () => {
  const output =
    '[FAIL: revert] testMint() (gas: 1)\n...\n[FAIL: revert] testMint() (gas: 1)\nRan 1 test suite in 1s (1s CPU time): 2 tests passed, 1 failed, 0 skipped (3 total tests)';
  expect(forgeTally(output, 1)).toEqual({ passed: 2, failed: 1, skipped: [], failures: ['contracts: testMint'] });
});
