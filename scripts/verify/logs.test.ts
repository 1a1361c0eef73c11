import { BaseError } from 'viem';
import { expect, test } from 'vitest';
import { readInParts } from './logs.ts';

test.each([500n, 10_000n, 10n ** 9n])(
  'a node that allows %i blocks at a time gives every block once',
  async (limit) => {
    const asked: [bigint, bigint][] = [];
    const found = await readInParts(7n, 40_000n, async (from, to) => {
      if (to - from + 1n > limit) throw new BaseError('range too long');
      asked.push([from, to]);
      return [from];
    });
    expect(found).toHaveLength(asked.length);
    expect(asked[0]?.[0]).toBe(7n);
    expect(asked.at(-1)?.[1]).toBe(40_000n);
    for (const [at, [from]] of asked.entries()) if (at > 0) expect(from).toBe((asked[at - 1]?.[1] ?? 0n) + 1n);
  },
);

test('what fails at any length is thrown', async () => {
  const refuses = readInParts(0n, 10_000n, () => Promise.reject(new BaseError('no')));
  await expect(refuses).rejects.toThrow('no');
});
