import { expect, test } from 'vitest';
import type { Transport } from '../client/upload.ts';
import { withLosses } from './link.ts';

const ATTEMPTS = 6;

/** Of each request: 1 it came back, 0 it did not. */
async function fateOf(seed: string, requests: number): Promise<{ fates: readonly number[]; arrived: number }> {
  let arrived = 0;
  const transport: Transport = {
    fetch: async () => {
      arrived++;
      return new Response();
    },
    nowMs: () => 0,
    jitter: () => 0,
    isStopping: () => false,
    wait: () => Promise.resolve(),
  };
  const losing = withLosses(transport, seed);
  const fates: number[] = [];
  for (let sent = 0; sent < requests; sent++)
    fates.push(
      await losing.fetch(new Request('https://api.test')).then(
        () => 1,
        () => 0,
      ),
    );
  return { fates, arrived };
}

test('about every other request or its answer is lost, half of them on the way there', async () => {
  const { fates, arrived } = await fateOf('seed', 2000);
  const back = fates.filter((fate) => fate === 1).length;
  expect(back / 2000).toBeGreaterThan(0.45);
  expect(back / 2000).toBeLessThan(0.6);
  expect((arrived - back) / (2000 - back)).toBeGreaterThan(0.4);
});

test('an upload gets through at every start of any fleet: what is drawn is the same at the next start', async () => {
  for (let seed = 0; seed < 500; seed++) {
    const { fates } = await fateOf(`${seed}/Station`, ATTEMPTS);
    expect(fates, String(seed)).toContain(1);
  }
});
