/** The Workers as the local network runs them, without a chain, in a folder that is thrown away. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { privateKeyToAccount } from 'viem/accounts';
import { startRuntime } from '../scripts/lib/runtime.ts';
import { type DemoDevice, registerDemo } from '../scripts/register-demo.ts';

export type BenchNetwork = {
  readonly dir: string;
  /** @return the spare devices last */
  register(fleetSize: number): Promise<readonly DemoDevice[]>;
  stop(): Promise<void>;
};

const NOBODY = '0x0000000000000000000000000000000000000001';
const secret = () => `0x${randomBytes(32).toString('hex')}` as const;

export async function startBenchNetwork(): Promise<BenchNetwork> {
  const dir = mkdtempSync(join(tmpdir(), 'isobar-bench-'));
  const adminToken = randomBytes(16).toString('hex');
  const runtime = await startRuntime({
    dir,
    port: 0,
    // No chain: nothing on this way asks one.
    vars: {
      RULES: 'local',
      CHAIN_ID: '10',
      RPC_URL: 'http://127.0.0.1:1',
      TOKEN_ADDRESS: NOBODY,
      DISTRIBUTOR_ADDRESS: NOBODY,
      USDC_ADDRESS: NOBODY,
    },
    secrets: {
      'isobar-edge': {
        INGEST_TAG_KEY: randomBytes(16).toString('hex'),
        ADMIN_TOKEN: adminToken,
      },
      'isobar-cron': { COMMITTER_PRIVATE_KEY: secret() },
      'isobar-settler': { SETTLER_PRIVATE_KEY: secret() },
    },
  });
  const owner = privateKeyToAccount(secret()).address;
  return {
    dir,
    register: (fleetSize) => registerDemo({ api: runtime.url, adminToken, dir, fleetSize, owners: [owner] }),
    async stop() {
      await runtime.dispose();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
