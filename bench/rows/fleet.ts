/**
 * A fleet of the simulator that catches up four days over the real Workers, with faults and in all three forms; against the same
 * fleet with the empty route of bench/workers, so that what a fleet does itself (measuring, keeping on disk, signing) is in both.
 */
import { join } from 'node:path';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import type { DemoDevice } from '../../scripts/register-demo.ts';
import { runFleet } from '../../sensors/simulator/fleet.ts';
import { FAULT_NAMES } from '../../sensors/simulator/weather.ts';
import { type BenchNetwork, startBenchNetwork } from '../network.ts';
import type { Row } from '../row.ts';
import { startBenchWorker } from '../worker.ts';

/** So many that the catching up ends before the network closes the first of its hours. */
const DEVICES = 40;
const ROUNDS = 3;

export const fleetRow: Row = {
  name: 'fleet',
  async measure() {
    const empty = await startBenchWorker('empty.ts', { EMPTY: 'EmptyObject' });
    const best = { ours: 0, floor: 0 };
    try {
      for (let round = 0; round < ROUNDS; round++) {
        // A network of its own, because a batch counts once.
        const network = await startBenchNetwork();
        try {
          const devices = (await network.register(DEVICES)).filter(({ spare }) => !spare);
          const postEmpty = emptyPost(devices, empty.url);
          best.floor = Math.max(best.floor, await postsPerSecond(network, devices, 'empty', postEmpty));
          best.ours = Math.max(best.ours, await postsPerSecond(network, devices, 'ours', fetch));
        } finally {
          await network.stop();
        }
      }
    } finally {
      await empty.stop();
    }
    return [
      {
        name: `fleet of ${DEVICES} that catches up four days`,
        value: best.ours,
        unit: 'posts/s',
        floor: { name: 'with the empty Worker', value: best.floor },
        budget: { atLeast: 0.3 },
      },
    ];
  },
};

type Post = (request: Request) => Promise<Response>;

/** The same bytes to the empty route, whose answer is made the receipt that a device waits for. */
function emptyPost(devices: readonly DemoDevice[], url: string): Post {
  const dids = new Map(devices.map(({ did, ingestUrl }) => [ingestUrl, did]));
  const readings = { accepted: 0, duplicate: 0, late: 0, refused: [] };
  return async (request) => {
    const { headers, method } = request;
    const answer = await fetch(url, { method, headers, body: await request.bytes() });
    const { seq } = await answer.json<{ readonly seq: number }>();
    const receipt = { receipt: String(seq), device: dids.get(request.url), readings, flags: [] };
    return Response.json(receipt, { status: answer.status });
  };
}

async function postsPerSecond(
  { dir }: BenchNetwork,
  devices: readonly DemoDevice[],
  state: string,
  post: Post,
): Promise<number> {
  let [posts, firstMs, lastMs] = [0, Number.POSITIVE_INFINITY, 0];
  const timed = async (request: Request): Promise<Response> => {
    firstMs = Math.min(firstMs, performance.now());
    const response = await post(request);
    posts++;
    lastMs = performance.now();
    return response;
  };
  const { tally } = await runFleet(
    {
      devices,
      rules: LOCAL_RULES,
      stateDir: join(dir, state),
      signal: new AbortController().signal,
      weather: { rate: 0.5, faults: FAULT_NAMES },
      isMixed: true,
      isBackfillOnly: true,
      // What the simulator loses on purpose is tried again at once.
      transport: { fetch: timed, wait: async () => {} },
    },
    () => {},
  );
  if (tally.refused.size > 0 || tally.unreachable > 0) throw new Error('a batch of the fleet was not taken');
  return posts / ((lastMs - firstMs) / 1000);
}
