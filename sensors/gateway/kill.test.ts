/** The gateway's own process is killed again and again while its device reports and the network comes and goes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startModelIngest } from '../../test/support/model-ingest.ts';
import { until } from '../../test/support/until.ts';
import { generateKeyPem } from '../client/key.ts';

const KILLS = 8;
const COMMAND = join(import.meta.dirname, '../../scripts/gateway.ts');

type Running = { readonly child: ChildProcess; readonly address: string; readonly exited: Promise<number | null> };

async function start(config: string): Promise<Running> {
  const child = spawn(process.execPath, [COMMAND, '--config', config], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stdout.on('data', (part: Buffer) => (said += part.toString()));
  const address = await until('the gateway listens', 20_000, async () => /http:\S+/.exec(said)?.[0] ?? null);
  return { child, address, exited };
}

test('kill -9 at any moment, mostly offline: every report that was answered arrives once, none twice', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'isobar-gateway-'));
  const network = await startModelIngest();
  onTestFinished(async () => {
    await network.stop();
    await rm(dir, { recursive: true });
  });
  await writeFile(join(dir, 'roof.pem'), await generateKeyPem('ecdsa-p256-sha256'));
  const device = { name: 'roof', format: 'wunderground', station: 'IROOF1', password: 'open sesame' };
  const config = join(dir, 'gateway.json');
  await writeFile(
    config,
    JSON.stringify({
      listen: { port: 0 },
      retrySeconds: 1,
      devices: [{ ...device, key: 'roof.pem', ingest: network.ingestUrl }],
    }),
  );

  const beginMs = Math.floor(Date.now() / 1000) * 1000 - 3_600_000;
  const reports: string[] = [];
  const answered = new Set<string>();
  /** One report a second of its own; like a station that keeps what was not answered, the last goes again. */
  async function report(address: string): Promise<boolean> {
    const last = reports.at(-1);
    const time =
      last !== undefined && !answered.has(last) ? last : new Date(beginMs + reports.length * 1000).toISOString();
    if (time !== last) reports.push(time);
    const query = new URLSearchParams({ ID: 'IROOF1', PASSWORD: 'open sesame', action: 'updateraw', tempf: '70.1' });
    query.set('dateutc', time.slice(0, 19).replace('T', ' '));
    try {
      const response = await fetch(`${address}/weatherstation/updateweatherstation.php?${query.toString()}`);
      if ((await response.text()) !== 'success\n') return false;
      answered.add(time);
      return true;
    } catch {
      return false; // killed before it answered
    }
  }

  for (let kill = 0; kill < KILLS; kill++) {
    network.isAway = kill % 3 !== 1;
    network.losesAnswers = kill % 2 === 1;
    const { child, address, exited } = await start(config);
    // By progress, so that a slow machine does the same: some answered reports, then one that may not be.
    for (let before = 0; before <= kill % 4; before++) expect(await report(address)).toBe(true);
    const last = report(address);
    await new Promise((resolve) => setTimeout(resolve, (kill * 3) % 8));
    child.kill('SIGKILL');
    await Promise.all([last, exited]);
  }

  network.isAway = false;
  network.losesAnswers = false;
  const { child, address, exited } = await start(config);
  expect(await report(address)).toBe(true);
  await until('everything has arrived', 20_000, async () => (network.counted.size >= reports.length ? true : null));
  child.kill('SIGTERM');
  expect(await exited).toBe(0);
  expect([...network.counted.values()].filter((times) => times !== 1)).toEqual([]);
  expect([...network.values.keys()].toSorted()).toEqual(reports.map((time) => `temp ${time}`));
  expect(new Set(network.values.values())).toEqual(new Set([21.17]));
}, 60_000);
