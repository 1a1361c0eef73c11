import fc from 'fast-check';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ROOT } from '../../scripts/lib/files.ts';
import { SLICE_DIR } from '../../sensors/simulator/slice.ts';
import {
  acrossBorder,
  feed,
  finish,
  hashOf,
  inOrder,
  loadSlice,
  replayOf,
  startOf,
  type Slice,
} from '../support/slice-replay.ts';

/** Replays of weeks, on machines that do other things as well. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let slice: Slice;
let folder: string;

beforeAll(async () => {
  slice = acrossBorder(await loadSlice('beijing-2013-12', 9));
  folder = await mkdtemp(join(tmpdir(), 'isobar-resume-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('a replay that is killed after any row and goes on from its state ends with the same bytes', () => {
  const whole = hashOf(replayOf(slice));
  fc.assert(
    fc.property(fc.nat(slice.rows.length), (killedAt) => {
      // Rows of one receipt are one batch: a kill between two of them comes before or after the batch.
      const receivedMs = slice.rows[killedAt]?.receivedMs ?? Infinity;
      const before = slice.rows.filter((row) => row.receivedMs < receivedMs);
      const after = slice.rows.slice(before.length);
      const killed = startOf(slice);
      expect(killed.regions).toHaveLength(2);
      feed(killed, before);
      const told = killed.regions.map(({ outputs }) => outputs);
      const resumed = startOf(slice);
      resumed.restore(JSON.parse(JSON.stringify(killed.save())) as ReturnType<typeof killed.save>);
      for (const [at, { outputs }] of resumed.regions.entries()) {
        outputs.hours.push(...(told[at]?.hours ?? []));
        outputs.days.push(...(told[at]?.days ?? []));
        outputs.revisions.push(...(told[at]?.revisions ?? []));
        outputs.events.push(...(told[at]?.events ?? []));
        outputs.seals.push(...(told[at]?.seals ?? []));
      }
      feed(resumed, after);
      expect(hashOf(finish(resumed, slice.rows))).toBe(whole);
    }),
    { numRuns: 5 },
  );
});

test('qc:replay killed with SIGKILL at its first checkpoint writes the same files when it is run again', async () => {
  const rows = inOrder((await loadSlice('beijing-2013-12')).rows);
  const readings = join(folder, 'readings.csv');
  const columns = ['pm25', 'pm10', 'no2', 'o3', 'so2', 'co'];
  const lines = rows.map((row) => {
    const values = new Map(row.values.map(({ column, value }) => [column, value]));
    return [row.measuredMs / 1000, row.device, ...columns.map((column) => values.get(column) ?? '')].join(',');
  });
  await writeFile(readings, `${['ts', 'device', ...columns].join(',')}\n${lines.join('\n')}\n`);
  const command = (name: string, ...more: readonly string[]) => {
    const inputs = ['--readings', readings, '--stations', join(SLICE_DIR, 'stations.csv')];
    const outputs = ['--out', join(folder, `${name}.flags.csv`), '--scores', join(folder, `${name}.scores.csv`)];
    return [join(ROOT, 'scripts/qc-replay.ts'), ...inputs, ...outputs, ...more];
  };
  const run = async (args: readonly string[], killAt?: string) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (killAt !== undefined && text.includes(killAt)) child.kill('SIGKILL');
    });
    await once(child, 'close');
    return child.signalCode ?? child.exitCode;
  };
  const checkpoint = join(folder, 'checkpoint');
  expect(await run(command('whole'))).toBe(0);
  const cut = command('cut', '--checkpoint', checkpoint, '--every', '500');
  expect(await run(cut, 'checkpoint after')).toBe('SIGKILL');
  expect(existsSync(join(folder, 'cut.flags.csv'))).toBe(false);
  expect(existsSync(checkpoint)).toBe(true);
  expect(await run(cut)).toBe(0);
  for (const kind of ['flags', 'scores']) {
    const [whole, resumed] = await Promise.all(
      ['whole', 'cut'].map((name) => readFile(join(folder, `${name}.${kind}.csv`), 'utf8')),
    );
    expect(whole?.split('\n').length).toBeGreaterThan(100);
    expect(resumed === whole).toBe(true);
  }
  expect(existsSync(checkpoint)).toBe(false);
});
